/**
 * Work that takes long, as everybody sees it in {@code system.runs}: maintenance, refreshes, builds
 * of indexes.
 *
 * <pre>
 * Runs.record(Subject, work) --work(Progress)--> result    a row in the metastore: RUNNING, then
 *                                                          FINISHED, FAILED or CANCELLED
 * </pre>
 */
package dev.kelda.spi.run;
