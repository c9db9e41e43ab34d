package dev.kelda.executor;

import static java.util.Objects.requireNonNull;

import java.util.Map;
import java.util.Optional;

/**
 * Where a stream of Arrow rows goes; Flight SQL's CommandStatementIngest. Columns match the table's
 * by name, whatever the case; missing ones become NULL.
 *
 * @param catalog empty = the session's
 * @param schema empty = the session's; created when it is missing and the table may be created
 * @param properties of a table that is created
 */
public record IngestRequest(
    Optional<String> catalog,
    Optional<String> schema,
    String table,
    IfMissing ifMissing,
    IfExists ifExists,
    Map<String, String> properties) {

  public enum IfMissing {
    CREATE,
    FAIL
  }

  public enum IfExists {
    FAIL,
    APPEND,
    REPLACE
  }

  public IngestRequest {
    requireNonNull(catalog, "catalog is null");
    requireNonNull(schema, "schema is null");
    requireNonNull(table, "table is null");
    requireNonNull(ifMissing, "ifMissing is null");
    requireNonNull(ifExists, "ifExists is null");
    properties = Map.copyOf(properties);
  }
}
