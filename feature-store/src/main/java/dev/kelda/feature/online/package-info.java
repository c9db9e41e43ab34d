/**
 * The online store: the latest row of every key of a view, looked up in microseconds.
 *
 * <pre>
 * rows of the offline table, sorted by key --OnlineViews.load--&gt; OnlineStore.Load --publish--&gt; table of the view
 * rows that are pushed --OnlineViews.merge--&gt; OnlineStore.update
 * keys --OnlineViews.lookup--&gt; OnlineStore.get --History.find--&gt; rows as Arrow
 * </pre>
 *
 * Invariants: what is seen of a key at an instant is the row that the offline table gives AS OF
 * that instant; a row never replaces one that wins over it; readers see one table of a view or the
 * next, never a part; everything here can be made again from the offline tables and the push log.
 */
package dev.kelda.feature.online;
