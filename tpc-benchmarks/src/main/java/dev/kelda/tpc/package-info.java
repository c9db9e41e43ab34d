/**
 * TPC-H on Kelda beside DuckDB: the same Parquet files, the same statements, in the same minutes.
 *
 * <pre>
 *   --uri, --tpch  ->  Main  ->  Engine (Kelda: stock Arrow Flight SQL driver)  ->  Comparison  ->  report
 *                           \->  Engine (DuckDB: in this process, 2 threads)  /
 * </pre>
 *
 * Invariant: a time is reported only of statements whose answers are equal. Nothing here asserts a
 * time.
 */
package dev.kelda.tpc;
