package dev.kelda.feature.registry;

import static java.util.Objects.requireNonNull;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.kelda.feature.registry.FeatureView.Definition;
import dev.kelda.spi.extension.EngineServices.TableName;
import dev.kelda.spi.metastore.Metastore;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Feature views as rows of the metastore. Names are found whatever their case, like those of
 * tables. Thread-safe.
 */
public final class FeatureViewRegistry {
  private static final Pattern VERSIONED = Pattern.compile("(.+)@(\\d{1,18})");
  private static final int MOST_COLUMNS_KEPT = 100_000;

  private final Metastore metastore;
  // Every look-up and every second needs them, and they are long texts.
  private final Cache<Made, Definition> definitions =
      Caffeine.newBuilder()
          .maximumWeight(MOST_COLUMNS_KEPT)
          .weigher((Made any, Definition made) -> made.columns().getFields().size() + 1)
          .build();

  public FeatureViewRegistry(Metastore metastore) {
    this.metastore = requireNonNull(metastore, "metastore is null");
    metastore.migrate(
        "feature", "dev/kelda/feature/metastore", FeatureViewRegistry.class.getClassLoader());
  }

  /** How far a version has come. */
  public enum State {
    /** Its table or view is being made; it is not current yet. */
    NEW,
    READY,
    /** It is going away. */
    DROPPING
  }

  /** A version that was made once: a number is given anew when all versions were dropped. */
  private record Made(TableName view, long version, long createdAt) {}

  /** A version and how far it has come. */
  public record Entry(FeatureView view, State state) {}

  /** A name taken apart: {@code v@3} is version 3 of v. */
  public record Reference(TableName view, Optional<Long> version) {
    public static Reference of(TableName name) {
      Matcher parts = VERSIONED.matcher(name.name());
      return parts.matches()
          ? new Reference(name.beside(parts.group(1)), Optional.of(Long.parseLong(parts.group(2))))
          : new Reference(name, Optional.empty());
    }
  }

  /**
   * The version that a name means: {@code v} the current one, {@code v@3} that one. Those that are
   * not ready are not found.
   */
  public Optional<FeatureView> find(TableName name) {
    Reference reference = Reference.of(name);
    List<FeatureView> versions = versions(reference.view());
    return reference.version().isEmpty()
        ? versions.stream().filter(FeatureView::current).findFirst()
        : versions.stream().filter(v -> v.version() == reference.version().get()).findFirst();
  }

  /** The ready versions of a view, in order; empty when there is no such view. */
  public List<FeatureView> versions(TableName name) {
    return entries(name).stream()
        .filter(entry -> entry.state() == State.READY)
        .map(Entry::view)
        .toList();
  }

  /** All versions of a view, in order. */
  public List<Entry> entries(TableName name) {
    return metastore.read(
        connection -> {
          List<Entry> exact =
              entries(connection, "catalog = ? AND schema_name = ? AND name = ?", name);
          return exact.isEmpty()
              ? entries(
                  connection,
                  "LOWER(catalog) = LOWER(?) AND LOWER(schema_name) = LOWER(?) AND LOWER(name) = LOWER(?)",
                  name)
              : exact;
        });
  }

  /** The ready versions of every view, by name and version. */
  public List<FeatureView> all() {
    return metastore
        .read(connection -> entries(connection, "? = ? AND ? = ''", new TableName("", "", "")))
        .stream()
        .filter(entry -> entry.state() == State.READY)
        .map(Entry::view)
        .toList();
  }

  /**
   * Takes note of a version that is to be made.
   *
   * @param draft its version and whether it is current do not count
   */
  public FeatureView begin(FeatureView draft) {
    return metastore.transaction(
        connection -> {
          List<Entry> before =
              entries(connection, "catalog = ? AND schema_name = ? AND name = ?", draft.name());
          long version = before.isEmpty() ? 1 : before.getLast().view().version() + 1;
          update(
              connection,
              "INSERT INTO feature_view_versions (catalog, schema_name, name, version, state,"
                  + " definition, options, created_at, created_by)"
                  + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
              draft.name().catalog(),
              draft.name().schema(),
              draft.name().name(),
              version,
              State.NEW.name(),
              Json.of(draft.definition()),
              Json.of(draft.options()),
              draft.createdAt().toEpochMilli(),
              draft.createdBy());
          return new FeatureView(
              draft.name(),
              version,
              false,
              draft.definition(),
              draft.options(),
              draft.createdAt(),
              draft.createdBy());
        });
  }

  public void setState(TableName name, long version, State state) {
    change(name, version, "state = ?", state.name());
  }

  public void setOptions(TableName name, long version, ViewOptions options) {
    change(name, version, "options = ?", Json.of(options));
  }

  private void change(TableName name, long version, String assignment, String value) {
    metastore.transaction(
        connection ->
            update(
                connection,
                "UPDATE feature_view_versions SET "
                    + assignment
                    + " WHERE catalog = ? AND schema_name = ? AND name = ? AND version = ?",
                value,
                name.catalog(),
                name.schema(),
                name.name(),
                version));
  }

  /** Forgets a version; nothing happens when there is none. */
  public void remove(TableName name, long version) {
    metastore.transaction(
        connection ->
            update(
                connection,
                "DELETE FROM feature_view_versions"
                    + " WHERE catalog = ? AND schema_name = ? AND name = ? AND version = ?",
                name.catalog(),
                name.schema(),
                name.name(),
                version));
    definitions.asMap().keySet().removeIf(m -> m.view().equals(name) && m.version() == version);
  }

  private List<Entry> entries(Connection connection, String condition, TableName name)
      throws SQLException {
    Map<TableName, List<Entry>> byView = new LinkedHashMap<>();
    try (PreparedStatement select =
        connection.prepareStatement(
            "SELECT catalog, schema_name, name, version, state, options, created_at, created_by"
                + " FROM feature_view_versions WHERE "
                + condition
                + " ORDER BY catalog, schema_name, name, version")) {
      select.setString(1, name.catalog());
      select.setString(2, name.schema());
      select.setString(3, name.name());
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          entry(rows, connection)
              .ifPresent(
                  entry ->
                      byView
                          .computeIfAbsent(entry.view().name(), any -> new ArrayList<>())
                          .add(entry));
        }
      }
    }
    List<Entry> all = new ArrayList<>();
    byView.values().forEach(versions -> all.addAll(withCurrent(versions)));
    return all;
  }

  /** The highest ready version is the current one. */
  private static List<Entry> withCurrent(List<Entry> versions) {
    long current =
        versions.stream()
            .filter(entry -> entry.state() == State.READY)
            .mapToLong(entry -> entry.view().version())
            .max()
            .orElse(-1);
    return versions.stream()
        .map(
            entry -> {
              FeatureView v = entry.view();
              FeatureView marked =
                  new FeatureView(
                      v.name(),
                      v.version(),
                      v.version() == current,
                      v.definition(),
                      v.options(),
                      v.createdAt(),
                      v.createdBy());
              return new Entry(marked, entry.state());
            })
        .toList();
  }

  /** Empty when the version has gone meanwhile. */
  private Optional<Entry> entry(ResultSet rows, Connection connection) throws SQLException {
    Made made =
        new Made(
            new TableName(rows.getString(1), rows.getString(2), rows.getString(3)),
            rows.getLong(4),
            rows.getLong(7));
    Optional<Definition> definition = definition(made, connection);
    if (definition.isEmpty()) {
      return Optional.empty();
    }
    FeatureView view =
        new FeatureView(
            made.view(),
            made.version(),
            false,
            definition.get(),
            Json.read(rows.getString(6), ViewOptions.class),
            Instant.ofEpochMilli(made.createdAt()),
            rows.getString(8));
    return Optional.of(new Entry(view, State.valueOf(rows.getString(5))));
  }

  /** The one object of a version, for which others keep what they make of it. */
  private Optional<Definition> definition(Made made, Connection connection) throws SQLException {
    Definition known = definitions.getIfPresent(made);
    if (known != null) {
      return Optional.of(known);
    }
    try (PreparedStatement select =
        connection.prepareStatement(
            "SELECT definition FROM feature_view_versions"
                + " WHERE catalog = ? AND schema_name = ? AND name = ? AND version = ?")) {
      select.setString(1, made.view().catalog());
      select.setString(2, made.view().schema());
      select.setString(3, made.view().name());
      select.setLong(4, made.version());
      try (ResultSet row = select.executeQuery()) {
        if (!row.next()) {
          return Optional.empty();
        }
        String text = row.getString(1);
        return Optional.of(definitions.get(made, any -> Json.read(text, Definition.class)));
      }
    }
  }

  private static int update(Connection connection, String sql, Object... values)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      return statement.executeUpdate();
    }
  }
}
