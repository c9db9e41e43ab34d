package dev.kelda.spi.connector;

import java.util.Optional;

/** A connector that keeps views; they are loaded by {@link Connector#table} as {@link View}s. */
public interface ViewConnector extends Connector {
  /**
   * @param replace an existing view of the name is replaced
   * @throws dev.kelda.spi.error.KeldaException TABLE_EXISTS, SCHEMA_NOT_FOUND; NOT_SUPPORTED when
   *     the catalog keeps no views
   */
  void createView(String schema, String name, View.Definition definition, boolean replace);

  /**
   * @throws dev.kelda.spi.error.KeldaException TABLE_NOT_FOUND
   */
  void dropView(String schema, String name);

  /**
   * @throws dev.kelda.spi.error.KeldaException TABLE_NOT_FOUND, TABLE_EXISTS, SCHEMA_NOT_FOUND
   */
  void renameView(String schema, String name, String newSchema, String newName);

  /**
   * @throws dev.kelda.spi.error.KeldaException TABLE_NOT_FOUND
   */
  void commentOnView(String schema, String name, Optional<String> comment);
}
