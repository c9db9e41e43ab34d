package dev.kelda.spi.connector;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.Map;

/** A connector whose schemas and tables can be created, filled and dropped. */
public interface WritableConnector extends Connector {
  /**
   * @throws dev.kelda.spi.error.KeldaException SCHEMA_EXISTS
   */
  void createSchema(String schema);

  /**
   * @throws dev.kelda.spi.error.KeldaException SCHEMA_NOT_FOUND; SCHEMA_NOT_EMPTY unless cascade
   */
  void dropSchema(String schema, boolean cascade);

  /**
   * @throws dev.kelda.spi.error.KeldaException TABLE_EXISTS, SCHEMA_NOT_FOUND; INVALID_ARGUMENT,
   *     NOT_SUPPORTED for what the connector cannot keep of the definition
   */
  void createTable(String schema, String name, TableDefinition definition);

  /**
   * @throws dev.kelda.spi.error.KeldaException TABLE_NOT_FOUND
   */
  void dropTable(String schema, String name);

  /**
   * Starts appending rows to an existing table.
   *
   * @throws dev.kelda.spi.error.KeldaException TABLE_NOT_FOUND
   */
  default TableWrite insert(String schema, String name) {
    return insert(schema, name, Map.of());
  }

  /**
   * Starts appending rows to an existing table.
   *
   * @param summary kept with the commit, for {@link SnapshotTable#summary}
   * @throws dev.kelda.spi.error.KeldaException TABLE_NOT_FOUND; NOT_SUPPORTED when the catalog
   *     keeps no summaries
   */
  TableWrite insert(String schema, String name, Map<String, String> summary);

  /**
   * Starts appending rows to a branch of a table.
   *
   * @throws dev.kelda.spi.error.KeldaException TABLE_NOT_FOUND, INVALID_ARGUMENT when there is no
   *     such branch, NOT_SUPPORTED
   */
  default TableWrite insertIntoBranch(String schema, String name, String branch) {
    throw new KeldaException(ErrorCode.NOT_SUPPORTED, "this catalog's tables have no branches");
  }

  /**
   * Starts replacing the partitions that the new rows fall into; all rows of a table that has none.
   *
   * @param read the table as the statement saw it: later changes of what is replaced are conflicts
   * @param summary kept with the commit, for {@link SnapshotTable#summary}
   * @throws dev.kelda.spi.error.KeldaException TABLE_NOT_FOUND, NOT_SUPPORTED
   */
  default TableWrite overwrite(
      String schema, String name, Table read, Map<String, String> summary) {
    throw new KeldaException(
        ErrorCode.NOT_SUPPORTED, "rows of this catalog's tables cannot be replaced");
  }

  /**
   * Removes all rows.
   *
   * @throws dev.kelda.spi.error.KeldaException TABLE_NOT_FOUND, NOT_SUPPORTED
   */
  default void truncate(String schema, String name) {
    throw new KeldaException(ErrorCode.NOT_SUPPORTED, "this catalog's tables cannot be truncated");
  }

  /**
   * Starts creating a table with its rows; it appears, complete, at {@link TableWrite#commit}.
   *
   * @param replace an existing table of the name is replaced, in the same commit
   * @throws dev.kelda.spi.error.KeldaException TABLE_EXISTS unless replace, SCHEMA_NOT_FOUND
   */
  TableWrite createTableAs(String schema, String name, TableDefinition definition, boolean replace);
}
