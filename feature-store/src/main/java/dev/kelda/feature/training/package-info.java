/**
 * Training datasets: rows of a query, kept with all that is needed to have the same rows again.
 *
 * <pre>
 * CREATE TRAINING DATASET --Recipes--&gt; Recipe: query, sources at their snapshots, split, labels
 * Recipe --Sources--&gt; tags that keep the snapshots; the sources as they were
 * Recipe --Datasets--&gt; table name@n --Checksum, Statistics--&gt; Contents
 * name, name@n in a query --DatasetResolver--&gt; its table
 * </pre>
 *
 * Invariants: versions count from 1 and each keeps its recipe; a version is seen when its rows,
 * statistics and checksum are complete; what was begun and not completed is removed by whoever
 * changes the dataset next.
 */
package dev.kelda.feature.training;
