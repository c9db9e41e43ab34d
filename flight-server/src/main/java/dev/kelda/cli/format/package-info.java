/** Results as text or bytes: a table for people, CSV, JSON lines in an array, an Arrow stream. */
package dev.kelda.cli.format;
