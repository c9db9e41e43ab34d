/**
 * Iceberg tables: planned by Iceberg Java, read and written as Parquet by the native engine.
 *
 * <pre>
 * name --catalog pointer--> IcebergTable (pinned) --scan(conjuncts)--> Scan.Files   files, deletes, ids, bounds
 * INSERT, CTAS ------------> IcebergWrite (target) --commit(files)---> snapshot     metrics from the footers
 * name$snapshots ----------> MetadataTable ---------------------------> Scan.Java
 * </pre>
 *
 * Invariants: a loaded table never refreshes; no file is deleted while the outcome of its commit is
 * unknown; nothing outside the warehouse is written or deleted; no Hadoop class is ever loaded.
 */
package dev.kelda.connector.iceberg;
