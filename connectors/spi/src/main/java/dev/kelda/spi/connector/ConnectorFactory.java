package dev.kelda.spi.connector;

import java.util.Map;

/** Makes connectors of one type; found by {@link java.util.ServiceLoader}. */
public interface ConnectorFactory {
  /** The value of {@code type = "…"} in the configuration file, lower case. */
  String type();

  /**
   * @param catalog the catalog's name
   * @param properties from the configuration; an unknown one is an INVALID_CONFIGURATION error
   */
  Connector create(String catalog, Map<String, String> properties, ConnectorContext context);
}
