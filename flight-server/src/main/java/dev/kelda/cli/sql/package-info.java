/** The SQL console and scripts, over an engine in this process or over Flight SQL. */
package dev.kelda.cli.sql;
