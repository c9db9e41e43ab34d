package dev.kelda.executor;

import dev.kelda.spi.connector.Connector;
import dev.kelda.spi.connector.ConnectorContext;
import dev.kelda.spi.connector.ConnectorFactory;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableListing;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Types {@code memory}; with the property {@code dead} one whose listings fail. */
public final class MemoryConnectorFactory implements ConnectorFactory {
  @Override
  public String type() {
    return "memory";
  }

  @Override
  public List<String> locations(Map<String, String> properties, ConnectorContext context) {
    return List.of();
  }

  @Override
  public Connector create(
      String catalog, Map<String, String> properties, ConnectorContext context) {
    return properties.containsKey("dead")
        ? new Dead()
        : new MemoryConnector(context.home().resolve(catalog));
  }

  private static final class Dead implements Connector {
    private static KeldaException down() {
      return new KeldaException(ErrorCode.REMOTE_SOURCE_ERROR, "the source does not answer");
    }

    @Override
    public List<String> schemas() {
      throw down();
    }

    @Override
    public List<TableListing> tables(String schema) {
      throw down();
    }

    @Override
    public Optional<Table> table(String schema, String name) {
      throw down();
    }

    @Override
    public void close() {}
  }
}
