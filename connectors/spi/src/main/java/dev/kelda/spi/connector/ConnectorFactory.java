package dev.kelda.spi.connector;

import java.util.Map;
import java.util.Set;

/** Makes connectors of one type; found by {@link java.util.ServiceLoader}. */
public interface ConnectorFactory {
  /** The value of {@code type = "…"} in the configuration file, lower case. */
  String type();

  /** Other names of the type, lower case. */
  default Set<String> aliases() {
    return Set.of();
  }

  /**
   * @param catalog the catalog's name
   * @param properties from the configuration; an unknown one is an INVALID_CONFIGURATION error
   */
  Connector create(String catalog, Map<String, String> properties, ConnectorContext context);
}
