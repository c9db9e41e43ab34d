/**
 * Rows on their way into views.
 *
 * <pre>
 * INSERT, ingest, POST /push --Pushes.push--&gt; PushLog (fsync) --&gt; online store --&gt; acknowledged
 * PushLog --Pushes.fold, in the background--&gt; view@n@pushed, the view's offline table
 * offline table --Loads--&gt; online store
 * </pre>
 *
 * Invariants: no acknowledged row is lost or twice in the offline table, whenever the process dies;
 * an entry leaves the log only when the offline table has it and the online store is on disk; one
 * at a time writes a view's offline table ({@link dev.kelda.feature.push.Gate}).
 */
package dev.kelda.feature.push;
