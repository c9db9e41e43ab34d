package dev.kelda.jdbc;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Set;

/**
 * Of the rows of metadata: they belong to no statement, so that the connection closes them, and the
 * stock driver does not know when they are closed.
 */
public final class MetaDataRows {
  private final ResultSet rows;
  private final Set<ResultSet> open;

  /**
   * @param open of the connection: what is to be closed
   */
  MetaDataRows(ResultSet rows, Set<ResultSet> open) {
    this.rows = rows;
    this.open = open;
    open.add(rows);
  }

  public void close() throws SQLException {
    if (open.remove(rows)) {
      rows.close();
    }
  }

  public boolean isClosed() {
    return !open.contains(rows);
  }
}
