/**
 * Vector and text indexes on tables whose rows have addresses: one Lucene index for each, in the
 * home folder.
 *
 * <pre>
 * CREATE, REFRESH INDEX --IndexStatements--> Indexes --Update--> Lucene index: rows with file and position, files with deletes
 * ai.search:… (query)   --HitsFunction----> Indexes --IndexView--> hits: Vectors | Texts
 *                                                      '-- files that the index has as they are, and a tail of the others
 * </pre>
 *
 * Invariants: a view shows exactly the rows of one version of the table, whatever version the index
 * was refreshed to: rows of files that have changed since are masked, and the tail has what they
 * are now; an index that cannot be read is made anew; each Lucene commit is whole files of one
 * table.
 */
package dev.kelda.ai.index;
