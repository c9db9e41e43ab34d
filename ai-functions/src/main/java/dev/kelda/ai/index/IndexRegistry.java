package dev.kelda.ai.index;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.kelda.ai.Json;
import dev.kelda.ai.index.IndexDefinition.TableName;
import dev.kelda.spi.metastore.Metastore;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** Which indexes there are, in the metastore. Thread-safe. */
public final class IndexRegistry {
  private static final String SELECT =
      "SELECT id, catalog, schema_name, name, kind, table_identity, table_name, columns, model,"
          + " options, created_at, created_by FROM ai_index_definitions";

  private final Metastore metastore;

  public IndexRegistry(Metastore metastore) {
    this.metastore = requireNonNull(metastore, "metastore is null");
    metastore.migrate(
        "ai_index", "dev/kelda/ai/index/metastore", IndexRegistry.class.getClassLoader());
  }

  /**
   * How far an index is.
   *
   * @param version of the table it was refreshed to
   * @param recall of ten rows, measured on a sample; absent where nothing is approximate
   * @param problem why the last refresh failed; empty = it did not
   */
  public record State(
      String version,
      long rows,
      long bytes,
      OptionalDouble recall,
      Instant refreshedAt,
      String problem) {
    static final State NONE =
        new State("", 0, 0, OptionalDouble.empty(), Instant.EPOCH, "not built yet");
  }

  List<IndexDefinition> all() {
    return metastore.read(c -> select(c, SELECT + " ORDER BY catalog, schema_name, name"));
  }

  Optional<IndexDefinition> find(String catalog, String schema, String name) {
    return metastore.read(
        c ->
            select(
                    c,
                    SELECT + " WHERE catalog = ? AND schema_name = ? AND LOWER(name) = LOWER(?)",
                    catalog,
                    schema,
                    name)
                .stream()
                .findFirst());
  }

  /** The oldest first. */
  List<IndexDefinition> ofTable(String identity) {
    return metastore.read(
        c -> select(c, SELECT + " WHERE table_identity = ? ORDER BY created_at, id", identity));
  }

  /**
   * @param replaced goes with it
   */
  void add(IndexDefinition index, Optional<String> replaced) {
    metastore.transaction(
        c -> {
          for (String id : replaced.stream().toList()) {
            delete(c, id);
          }
          return update(
              c,
              "INSERT INTO ai_index_definitions (id, catalog, schema_name, name, kind,"
                  + " table_identity, table_name, columns, model, options, created_at, created_by)"
                  + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
              index.id(),
              index.catalog(),
              index.schema(),
              index.name(),
              index.ofVectors() ? "VECTOR" : "TEXT",
              index.tableIdentity(),
              Json.of(index.tableName().parts()),
              Json.of(index.columns()),
              index.model().orElse(""),
              Json.of(index.options().properties()),
              index.createdAt().toEpochMilli(),
              index.createdBy());
        });
  }

  void drop(String id) {
    metastore.transaction(c -> delete(c, id));
  }

  private static int delete(Connection connection, String id) throws SQLException {
    update(connection, "DELETE FROM ai_index_states WHERE id = ?", id);
    return update(connection, "DELETE FROM ai_index_definitions WHERE id = ?", id);
  }

  /** The table has another name now. */
  void rename(String id, TableName table) {
    metastore.transaction(
        c ->
            update(
                c,
                "UPDATE ai_index_definitions SET table_name = ? WHERE id = ?",
                Json.of(table.parts()),
                id));
  }

  State state(String id) {
    return metastore.read(
        c -> {
          String sql =
              "SELECT version, rows_indexed, bytes, recall, refreshed_at, problem"
                  + " FROM ai_index_states WHERE id = ?";
          try (PreparedStatement statement = prepared(c, sql, id);
              ResultSet row = statement.executeQuery()) {
            return row.next() ? state(row) : State.NONE;
          }
        });
  }

  private static State state(ResultSet row) throws SQLException {
    double recall = row.getDouble(4);
    OptionalDouble measured = row.wasNull() ? OptionalDouble.empty() : OptionalDouble.of(recall);
    return new State(
        row.getString(1),
        row.getLong(2),
        row.getLong(3),
        measured,
        Instant.ofEpochMilli(row.getLong(5)),
        row.getString(6));
  }

  void setState(String id, State state) {
    metastore.transaction(
        c ->
            update(
                c,
                "INSERT INTO ai_index_states (id, version, rows_indexed, bytes, recall,"
                    + " refreshed_at, problem) VALUES (?, ?, ?, ?, ?, ?, ?)"
                    + " ON CONFLICT (id) DO UPDATE SET version = excluded.version,"
                    + " rows_indexed = excluded.rows_indexed, bytes = excluded.bytes,"
                    + " recall = excluded.recall, refreshed_at = excluded.refreshed_at,"
                    + " problem = excluded.problem",
                id,
                state.version(),
                state.rows(),
                state.bytes(),
                state.recall().isPresent() ? state.recall().getAsDouble() : null,
                state.refreshedAt().toEpochMilli(),
                state.problem()));
  }

  private static List<IndexDefinition> select(Connection connection, String sql, Object... values)
      throws SQLException {
    List<IndexDefinition> all = new ArrayList<>();
    try (PreparedStatement statement = prepared(connection, sql, values);
        ResultSet row = statement.executeQuery()) {
      while (row.next()) {
        List<String> table = Json.read(row.getString(7), new TypeReference<>() {}, "index");
        Map<String, String> options =
            Json.read(row.getString(10), new TypeReference<>() {}, "index");
        all.add(
            new IndexDefinition(
                row.getString(1),
                row.getString(2),
                row.getString(3),
                row.getString(4),
                row.getString(6),
                new TableName(table.get(0), table.get(1), table.get(2)),
                Json.read(row.getString(8), new TypeReference<List<String>>() {}, "index"),
                Optional.of(row.getString(9)).filter(m -> !m.isEmpty()),
                IndexOptions.of(row.getString(5).equals("VECTOR"), options),
                Instant.ofEpochMilli(row.getLong(11)),
                row.getString(12)));
      }
    }
    return all;
  }

  private static int update(Connection connection, String sql, Object... values)
      throws SQLException {
    try (PreparedStatement statement = prepared(connection, sql, values)) {
      return statement.executeUpdate();
    }
  }

  private static PreparedStatement prepared(Connection connection, String sql, Object... values)
      throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    for (int i = 0; i < values.length; i++) {
      statement.setObject(i + 1, values[i]);
    }
    return statement;
  }
}
