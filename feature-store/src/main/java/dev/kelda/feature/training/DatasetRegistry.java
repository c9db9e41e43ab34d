package dev.kelda.feature.training;

import static java.util.Objects.requireNonNull;

import dev.kelda.feature.registry.FeatureViewRegistry.Reference;
import dev.kelda.feature.registry.Json;
import dev.kelda.feature.training.Dataset.Contents;
import dev.kelda.feature.training.Dataset.Recipe;
import dev.kelda.feature.training.Dataset.State;
import dev.kelda.spi.extension.EngineServices.TableName;
import dev.kelda.spi.metastore.Metastore;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Training datasets as rows of the metastore, which the registry of feature views has prepared.
 * Names are found whatever their case. Thread-safe.
 */
final class DatasetRegistry {
  private static final String COLUMNS =
      "catalog, schema_name, name, version, state, recipe, contents, created_at, created_by";
  private static final String SAME =
      "LOWER(catalog) = LOWER(?) AND LOWER(schema_name) = LOWER(?) AND LOWER(name) = LOWER(?)";

  private final Metastore metastore;

  DatasetRegistry(Metastore metastore) {
    this.metastore = requireNonNull(metastore, "metastore is null");
  }

  /**
   * The version that a name means: {@code d} the last one that is complete, {@code d@3} that one.
   */
  Optional<Dataset> find(TableName name) {
    Reference reference = Reference.of(name);
    List<Dataset> complete = complete(versions(reference.view()));
    return reference.version().isEmpty()
        ? complete.isEmpty() ? Optional.empty() : Optional.of(complete.getLast())
        : complete.stream().filter(d -> d.version() == reference.version().get()).findFirst();
  }

  private static List<Dataset> complete(List<Dataset> versions) {
    return versions.stream()
        .filter(d -> d.state() == State.READY || d.state() == State.EMPTY)
        .toList();
  }

  /** All versions of a dataset, in order, whatever their state. */
  List<Dataset> versions(TableName name) {
    return metastore.read(connection -> select(connection, SAME, name));
  }

  /** The complete versions of every dataset, by name and version. */
  List<Dataset> all() {
    return complete(
        metastore.read(
            connection -> select(connection, "? = ? AND ? = ''", new TableName("", "", ""))));
  }

  /** Takes note of a version that is to be made; its version, state and contents do not count. */
  Dataset begin(Dataset draft) {
    return metastore.transaction(
        connection -> {
          List<Dataset> before = select(connection, SAME, draft.name());
          TableName name = before.isEmpty() ? draft.name() : before.getFirst().name();
          long version = before.isEmpty() ? 1 : before.getLast().version() + 1;
          Dataset begun =
              new Dataset(
                  name,
                  version,
                  State.NEW,
                  draft.recipe(),
                  Optional.empty(),
                  draft.createdAt(),
                  draft.createdBy());
          return update(
              connection,
              "INSERT INTO training_dataset_versions ("
                  + COLUMNS
                  + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
              begun,
              name.catalog(),
              name.schema(),
              name.name(),
              version,
              State.NEW.name(),
              Json.of(begun.recipe()),
              "",
              begun.createdAt().toEpochMilli(),
              begun.createdBy());
        });
  }

  Dataset complete(Dataset begun, Contents contents) {
    Dataset complete =
        new Dataset(
            begun.name(),
            begun.version(),
            State.READY,
            begun.recipe(),
            Optional.of(contents),
            begun.createdAt(),
            begun.createdBy());
    return change(complete, "state = ?, contents = ?", State.READY.name(), Json.of(contents));
  }

  void setState(Dataset dataset, State state) {
    change(dataset, "state = ?", state.name());
  }

  void remove(Dataset dataset) {
    metastore.transaction(
        connection ->
            update(
                connection,
                "DELETE FROM training_dataset_versions WHERE " + SAME + " AND version = ?",
                dataset,
                key(dataset)));
  }

  private Dataset change(Dataset dataset, String assignments, Object... values) {
    List<Object> all = new ArrayList<>(List.of(values));
    all.addAll(List.of(key(dataset)));
    return metastore.transaction(
        connection ->
            update(
                connection,
                "UPDATE training_dataset_versions SET "
                    + assignments
                    + " WHERE "
                    + SAME
                    + " AND version = ?",
                dataset,
                all.toArray()));
  }

  private static Object[] key(Dataset d) {
    return new Object[] {d.name().catalog(), d.name().schema(), d.name().name(), d.version()};
  }

  private static List<Dataset> select(Connection connection, String condition, TableName name)
      throws SQLException {
    List<Dataset> all = new ArrayList<>();
    try (PreparedStatement select =
        connection.prepareStatement(
            "SELECT "
                + COLUMNS
                + " FROM training_dataset_versions WHERE "
                + condition
                + " ORDER BY catalog, schema_name, name, version")) {
      select.setString(1, name.catalog());
      select.setString(2, name.schema());
      select.setString(3, name.name());
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          String contents = rows.getString(7);
          all.add(
              new Dataset(
                  new TableName(rows.getString(1), rows.getString(2), rows.getString(3)),
                  rows.getLong(4),
                  State.valueOf(rows.getString(5)),
                  Json.read(rows.getString(6), Recipe.class),
                  contents.isEmpty()
                      ? Optional.empty()
                      : Optional.of(Json.read(contents, Contents.class)),
                  Instant.ofEpochMilli(rows.getLong(8)),
                  rows.getString(9)));
        }
      }
    }
    return all;
  }

  private static <T> T update(Connection connection, String sql, T result, Object... values)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      statement.executeUpdate();
      return result;
    }
  }
}
