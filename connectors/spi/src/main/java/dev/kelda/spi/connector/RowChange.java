package dev.kelda.spi.connector;

import java.util.List;

/**
 * A pending DELETE, UPDATE or MERGE of one version of a table. The engine
 *
 * <pre>
 * 1. dropFiles   files that the condition matches as a whole; they are scanned no more
 * 2. scans rows, writes new rows to {@link #target}, and says which old rows go by {@link #takeOut}
 * 3. remaining   writes what is left of files that are to be replaced
 * 4. commit or abort, once
 * </pre>
 *
 * The commit fails with COMMIT_CONFLICT when rows that the change has read or taken out were
 * changed by somebody else since that version. What it reads of other tables is not looked at. For
 * one statement; takeOut is for one thread.
 */
public interface RowChange extends TableWrite {
  enum Kind {
    DELETE,
    UPDATE,
    MERGE
  }

  /**
   * The table with more columns at its end: first {@link #carried} ones, which a changed row keeps
   * and a new row has NULL in, then the row's file (INT32) and its position there (INT64). The row
   * of {@link #target} is the table's columns and the carried ones.
   */
  Table rows();

  int carried();

  /**
   * Says that the statement looks at rows of the version in another place too: those that pass
   * every conjunct. Before the commit, once per place.
   *
   * @param conjuncts parameters are bound
   */
  void alsoReads(List<Predicate> conjuncts);

  /**
   * Drops the files all of whose rows pass every conjunct, as their statistics show.
   *
   * @param conjuncts the whole condition; parameters are bound
   * @return rows dropped
   */
  long dropFiles(List<Predicate> conjuncts);

  /**
   * @param file as the scan of {@link #rows} gave it
   * @throws dev.kelda.spi.error.KeldaException MORE_THAN_ONE_ROW when a row is taken out twice
   */
  void takeOut(int file, long[] positions);

  /**
   * What else must be written, after all rows are taken out: the rows that are left of files to be
   * replaced, lists of positions. Asked once.
   */
  List<Rewrite> remaining();

  /** All rows of the scan's columns, to be written to the target. */
  record Rewrite(Table rows, WriteTarget target) {}
}
