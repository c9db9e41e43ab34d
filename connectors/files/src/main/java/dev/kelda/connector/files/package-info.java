/**
 * Parquet, CSV, JSON and Arrow files as tables, by path or as configured folders.
 *
 * <pre>
 * READ_PARQUET('p'), 'p.csv' --FileFunction--> (format, options, url) --FileTables--> FileTable --> Scan.Files
 * </pre>
 *
 * Invariants: no path is looked at before the location policy allowed it, and every file found by a
 * glob is checked again after resolving links; a changed or new file is seen by the next statement.
 */
package dev.kelda.connector.files;
