package dev.kelda.executor;

import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableListing;
import java.util.List;
import java.util.Optional;

/** What a session can see, for metadata commands. Names are exact. */
public interface CatalogView {
  List<String> catalogs();

  /** Empty when the catalog does not exist; {@code information_schema} included. */
  List<String> schemas(String catalog);

  /** Empty when the schema does not exist. */
  List<TableListing> tables(String catalog, String schema);

  Optional<Table> table(String catalog, String schema, String table);
}
