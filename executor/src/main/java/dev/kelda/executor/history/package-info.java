/**
 * The history of long work, kept in the metastore.
 *
 * <pre>
 * Runs.record --RunHistory--> engine_runs: a row at the beginning, every second of progress, at the end
 * system.runs --RunHistory.runs--> RunInfo
 * </pre>
 *
 * Invariants: a run has a row before its work begins; work never fails because its progress or its
 * end could not be written; rows are kept for 30 days.
 */
package dev.kelda.executor.history;
