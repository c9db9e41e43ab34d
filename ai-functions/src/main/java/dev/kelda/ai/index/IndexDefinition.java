package dev.kelda.ai.index;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * An index as it was created.
 *
 * @param id names its folder; never used again
 * @param tableIdentity of the table it is on
 * @param tableName full name of the table when it was last seen
 * @param columns of the table
 * @param model the texts of the one column are embedded with; empty = the column is indexed itself
 */
public record IndexDefinition(
    String id,
    String catalog,
    String schema,
    String name,
    String tableIdentity,
    TableName tableName,
    List<String> columns,
    Optional<String> model,
    IndexOptions options,
    Instant createdAt,
    String createdBy) {
  public IndexDefinition {
    requireNonNull(id, "id is null");
    requireNonNull(catalog, "catalog is null");
    requireNonNull(schema, "schema is null");
    requireNonNull(name, "name is null");
    requireNonNull(tableIdentity, "tableIdentity is null");
    requireNonNull(tableName, "tableName is null");
    columns = List.copyOf(columns);
    requireNonNull(model, "model is null");
    requireNonNull(options, "options is null");
    requireNonNull(createdAt, "createdAt is null");
    requireNonNull(createdBy, "createdBy is null");
  }

  /** A table's full name. */
  public record TableName(String catalog, String schema, String name) {
    List<String> parts() {
      return List.of(catalog, schema, name);
    }

    @Override
    public String toString() {
      return catalog + "." + schema + "." + name;
    }
  }

  boolean ofVectors() {
    return options.measure().ofVectors();
  }

  /** {@code EMBED(body, 'minilm')} or {@code title, body}. */
  String what() {
    return model
        .map(m -> "EMBED(%s, '%s')".formatted(columns.getFirst(), m))
        .orElseGet(() -> String.join(", ", columns));
  }

  String fullName() {
    return catalog + "." + schema + "." + name;
  }

  IndexDefinition withTableName(TableName other) {
    return new IndexDefinition(
        id,
        catalog,
        schema,
        name,
        tableIdentity,
        other,
        columns,
        model,
        options,
        createdAt,
        createdBy);
  }
}
