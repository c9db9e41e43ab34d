package dev.kelda.spi.connector;

import java.util.List;
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
   * The local files and folders and the object-store prefixes that the properties give to the
   * catalog, absolute. Those of the configuration are the administrator's choice; those of an
   * ATTACH must lie in the allowed locations.
   */
  List<String> locations(Map<String, String> properties, ConnectorContext context);

  /**
   * @param catalog the catalog's name
   * @param properties from the configuration; an unknown one is an INVALID_CONFIGURATION error
   */
  Connector create(String catalog, Map<String, String> properties, ConnectorContext context);
}
