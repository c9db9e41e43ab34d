/**
 * Rows of materialized views, made from their sources.
 *
 * <pre>
 * FeatureView, Want --RefreshPlanner--&gt; RefreshPlan: in full, by new rows, by keys, a range, nothing
 * RefreshPlan --Refreshes--&gt; one commit of the view's table, its summary says what it covers (Covered)
 *             --&gt; online: new rows, keys anew, or the table anew
 * target_lag --Schedule--&gt; REFRESH FEATURE VIEW
 * </pre>
 *
 * Invariants: a commit and what it covers are one, so that a refresh that was cut off has not
 * happened and the next one does it; every source is read at the snapshot that is noted; one at a
 * time writes a view's table ({@link dev.kelda.feature.push.Gate}).
 */
package dev.kelda.feature.refresh;
