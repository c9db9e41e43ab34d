package dev.kelda.spi.connector;

import java.util.Map;

/** A table whose single rows can be changed where they stand. */
public interface ChangeableTable extends Table {
  /**
   * Begins to change this version of the table.
   *
   * @param summary kept with the commit, for {@link SnapshotTable#summary}; unless it is empty
   *     there is a commit even when no row changes
   * @throws dev.kelda.spi.error.KeldaException NOT_SUPPORTED, ACCESS_DENIED
   */
  RowChange change(RowChange.Kind kind, Map<String, String> summary);
}
