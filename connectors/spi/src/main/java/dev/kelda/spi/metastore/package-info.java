/** The one database of everything that is not data: models, views, indexes, runs. */
package dev.kelda.spi.metastore;
