package dev.kelda.spi.connector;

import java.util.List;
import java.util.Optional;

/**
 * One configured catalog. Thread-safe. Listings answer within seconds or throw; they never wait for
 * another catalog. A connector that can change tables implements {@link WritableConnector} too.
 */
public interface Connector extends AutoCloseable {
  List<String> schemas();

  /** Empty when the schema does not exist. */
  List<TableListing> tables(String schema);

  /** Loads the table's current state. Names are exact; the engine resolves case by the listings. */
  Optional<Table> table(String schema, String name);

  /** Table functions callable in FROM. */
  default List<TableFunction> tableFunctions() {
    return List.of();
  }

  /** Maintenance callable as {@code CALL catalog.system.name(…)}. */
  default List<Procedure> procedures() {
    return List.of();
  }

  @Override
  void close();
}
