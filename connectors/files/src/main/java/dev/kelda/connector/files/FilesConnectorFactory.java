package dev.kelda.connector.files;

import dev.kelda.spi.connector.Connector;
import dev.kelda.spi.connector.ConnectorContext;
import dev.kelda.spi.connector.ConnectorFactory;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Makes catalogs of type {@code files}. Properties: {@code tables.NAME = PATH} offers a file,
 * folder or glob as the table {@code main.NAME}.
 */
public final class FilesConnectorFactory implements ConnectorFactory {
  private static final String TABLES = "tables.";

  @Override
  public String type() {
    return "files";
  }

  /** None: the policy is asked whenever a table is read. */
  @Override
  public List<String> locations(Map<String, String> properties, ConnectorContext context) {
    return List.of();
  }

  @Override
  public Connector create(
      String catalog, Map<String, String> properties, ConnectorContext context) {
    Map<String, String> tables = new TreeMap<>();
    properties.forEach(
        (key, value) -> {
          if (!key.startsWith(TABLES) || key.length() == TABLES.length()) {
            throw new KeldaException(
                ErrorCode.INVALID_CONFIGURATION,
                "catalog " + catalog + ": unknown property '" + key + "'; known: tables.NAME");
          }
          tables.put(key.substring(TABLES.length()), value);
        });
    return new FilesConnector(tables, new FileTables(context.locations(), context.inspector()));
  }
}
