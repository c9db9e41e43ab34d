package dev.kelda.spi.connector;

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
  TableWrite insert(String schema, String name);

  /**
   * Starts creating a table with its rows; it appears, complete, at {@link TableWrite#commit}.
   *
   * @param replace an existing table of the name is replaced, in the same commit
   * @throws dev.kelda.spi.error.KeldaException TABLE_EXISTS unless replace, SCHEMA_NOT_FOUND
   */
  TableWrite createTableAs(String schema, String name, TableDefinition definition, boolean replace);
}
