/**
 * Runs tests/sql: every file in-process and again over Flight with the stock JDBC driver.
 *
 * <pre>
 * tests/sql/a.slt --SltFile--> records --SltRun--> Connection (InProcess | OverJdbc) --Cells--> text
 * </pre>
 */
package dev.kelda.sql;
