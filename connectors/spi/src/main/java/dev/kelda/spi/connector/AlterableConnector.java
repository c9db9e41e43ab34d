package dev.kelda.spi.connector;

import java.util.List;

/** A connector whose tables can be changed in place. */
public interface AlterableConnector extends WritableConnector {
  /**
   * Makes the changes in their order, all or none, in one commit.
   *
   * @throws dev.kelda.spi.error.KeldaException TABLE_NOT_FOUND, COLUMN_NOT_FOUND; INVALID_ARGUMENT
   *     for a change that the table's rows forbid; COMMIT_CONFLICT, COMMIT_STATE_UNKNOWN
   */
  void alterTable(String schema, String name, List<TableChange> changes);

  /**
   * @throws dev.kelda.spi.error.KeldaException TABLE_NOT_FOUND, TABLE_EXISTS, SCHEMA_NOT_FOUND
   */
  void renameTable(String schema, String name, String newSchema, String newName);
}
