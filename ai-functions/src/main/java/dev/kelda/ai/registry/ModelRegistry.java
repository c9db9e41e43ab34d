package dev.kelda.ai.registry;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.kelda.ai.Json;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.metastore.Metastore;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Models, versions and aliases as rows of the metastore. Names are found whatever their case. */
public final class ModelRegistry {
  private static final TypeReference<TreeMap<String, String>> TEXTS = new TypeReference<>() {};

  private final Metastore metastore;

  public ModelRegistry(Metastore metastore) {
    this.metastore = requireNonNull(metastore, "metastore is null");
    metastore.migrate("ai", "dev/kelda/ai/metastore", ModelRegistry.class.getClassLoader());
  }

  /** An alias of a version. */
  public record Alias(String model, String alias, long version) {}

  /**
   * What {@code delay}, {@code delay@3} or {@code delay@champion} means: the latest version, that
   * one, or the one of the alias.
   *
   * @throws KeldaException MODEL_NOT_FOUND
   */
  public ModelVersion find(String reference) {
    return metastore.read(connection -> find(connection, reference));
  }

  private static ModelVersion find(Connection connection, String reference) throws SQLException {
    int at = reference.lastIndexOf('@');
    if (at == reference.length() - 1) { // nothing at all, or nothing after the @
      throw notFound(
          "\"%s\" names no model; it is a name, name@version or name@alias".formatted(reference));
    }
    return find(
        connection,
        lower(at < 0 ? reference : reference.substring(0, at)),
        at < 0 ? "" : reference.substring(at + 1));
  }

  private static ModelVersion find(Connection connection, String model, String which)
      throws SQLException {
    List<ModelVersion> versions = versions(connection, Optional.of(model));
    if (versions.isEmpty()) {
      throw notFound("there is no model \"" + model + "\"");
    }
    if (which.isEmpty()) {
      return versions.getLast();
    }
    long version =
        which.matches("[0-9]{1,18}")
            ? Long.parseLong(which)
            : aliases(connection).stream()
                .filter(a -> a.model().equals(model) && a.alias().equals(lower(which)))
                .findFirst()
                .orElseThrow(
                    () -> notFound("model \"%s\" has no alias \"%s\"".formatted(model, which)))
                .version();
    return versions.stream()
        .filter(v -> v.version() == version)
        .findFirst()
        .orElseThrow(() -> notFound("model \"%s\" has no version %d".formatted(model, version)));
  }

  public boolean exists(String model) {
    return !versions(model).isEmpty();
  }

  /** In order; empty when there is no such model. */
  public List<ModelVersion> versions(String model) {
    return metastore.read(connection -> versions(connection, Optional.of(lower(model))));
  }

  /** The latest version of every model, by name. */
  public List<ModelVersion> latest() {
    return metastore.read(
        connection -> {
          Map<String, ModelVersion> latest = new TreeMap<>();
          versions(connection, Optional.empty()).forEach(v -> latest.put(v.model(), v));
          return List.copyOf(latest.values());
        });
  }

  public List<Alias> aliases() {
    return metastore.read(ModelRegistry::aliases);
  }

  /**
   * Adds the next version.
   *
   * @param draft its version does not count
   * @param mayExist the model may have versions
   * @return the version's number
   * @throws KeldaException MODEL_EXISTS; INVALID_ARGUMENT for a model that comes with Kelda
   */
  public long add(ModelVersion draft, boolean mayExist) {
    return metastore.transaction(
        connection -> {
          refuseShipped(draft.model());
          List<ModelVersion> before = versions(connection, Optional.of(draft.model()));
          if (!before.isEmpty() && !mayExist) {
            throw new KeldaException(
                ErrorCode.MODEL_EXISTS,
                "model \"%s\" exists already; CREATE OR REPLACE adds a version"
                    .formatted(draft.model()));
          }
          long version = before.isEmpty() ? 1 : before.getLast().version() + 1;
          update(
              connection,
              "INSERT INTO ai_model_versions (model, version, hash, size, signature, source,"
                  + " training_dataset, tags, metrics, created_at, created_by, text_model)"
                  + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
              draft.model(),
              version,
              draft.hash(),
              draft.size(),
              Json.of(draft.signature()),
              draft.source(),
              draft.trainingDataset(),
              Json.of(draft.tags()),
              Json.of(draft.metrics()),
              draft.createdAt().toEpochMilli(),
              draft.createdBy(),
              draft.text().map(Json::of).orElse(""));
          return version;
        });
  }

  /**
   * False when there is no such model. Its files stay, see {@link ModelFiles#sweep}.
   *
   * @throws KeldaException INVALID_ARGUMENT for a model that comes with Kelda
   */
  public boolean drop(String model) {
    refuseShipped(lower(model));
    return metastore.transaction(
        connection -> {
          update(connection, "DELETE FROM ai_model_aliases WHERE model = ?", lower(model));
          return update(connection, "DELETE FROM ai_model_versions WHERE model = ?", lower(model))
              > 0;
        });
  }

  /** The hashes of the files that some version needs. */
  public Set<String> files() {
    Set<String> hashes = new HashSet<>();
    for (ModelVersion version :
        metastore.read(connection -> versions(connection, Optional.empty()))) {
      hashes.add(version.hash());
      if (version.text().orElse(null) instanceof OnnxTextModel text) {
        hashes.add(text.tokenizer());
      }
    }
    return hashes;
  }

  /**
   * @throws KeldaException MODEL_NOT_FOUND when there is no such version
   */
  public void setAlias(String model, String alias, long version) {
    metastore.transaction(
        connection -> {
          find(connection, lower(model), String.valueOf(version));
          return update(
              connection,
              "INSERT INTO ai_model_aliases (model, alias, version) VALUES (?, ?, ?)"
                  + " ON CONFLICT (model, alias) DO UPDATE SET version = excluded.version",
              lower(model),
              lower(alias),
              version);
        });
  }

  /**
   * @throws KeldaException MODEL_NOT_FOUND when there is no such alias
   */
  public void dropAlias(String model, String alias) {
    metastore.transaction(
        connection -> {
          find(connection, lower(model), alias);
          return update(
              connection,
              "DELETE FROM ai_model_aliases WHERE model = ? AND alias = ?",
              lower(model),
              lower(alias));
        });
  }

  /** What is said about a version and may change. */
  public enum Note {
    TAG("tags"),
    METRIC("metrics");

    private final String column;

    Note(String column) {
      this.column = column;
    }
  }

  /**
   * Sets a tag or metric of a version, or takes it away.
   *
   * @param reference as {@link #find} takes it
   * @param value empty = taken away
   * @throws KeldaException MODEL_NOT_FOUND; INVALID_ARGUMENT when there is none to take away, or
   *     for a model that comes with Kelda
   */
  public void note(String reference, Note note, String key, Optional<String> value) {
    metastore.transaction(
        connection -> {
          ModelVersion version = find(connection, reference);
          refuseShipped(version.model());
          Map<String, String> notes =
              new TreeMap<>(
                  switch (note) {
                    case TAG -> version.tags();
                    case METRIC -> version.metrics();
                  });
          value.ifPresentOrElse(
              text -> notes.put(key, text),
              () -> {
                if (notes.remove(key) == null) {
                  throw new KeldaException(
                      ErrorCode.INVALID_ARGUMENT,
                      "model %s has no %s \"%s\"; it has %s"
                          .formatted(
                              version.reference(),
                              note.name().toLowerCase(Locale.ROOT),
                              key,
                              notes));
                }
              });
          return update(
              connection,
              "UPDATE ai_model_versions SET "
                  + note.column
                  + " = ? WHERE model = ? AND version = ?",
              Json.of(notes),
              version.model(),
              version.version());
        });
  }

  /** Of one model, or of all; in order. */
  private static List<ModelVersion> versions(Connection connection, Optional<String> model)
      throws SQLException {
    List<ModelVersion> all = new ArrayList<>();
    ShippedModels.all().stream()
        .filter(shipped -> model.isEmpty() || shipped.model().equals(model.get()))
        .forEach(all::add);
    try (PreparedStatement select =
        connection.prepareStatement(
            "SELECT model, version, hash, size, signature, source, training_dataset, tags, metrics,"
                + " created_at, created_by, text_model FROM ai_model_versions"
                + (model.isPresent() ? " WHERE model = ?" : "")
                + " ORDER BY model, version")) {
      if (model.isPresent()) {
        select.setString(1, model.get());
      }
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          all.add(
              new ModelVersion(
                  rows.getString(1),
                  rows.getLong(2),
                  rows.getString(3),
                  rows.getLong(4),
                  Json.read(rows.getString(5), new TypeReference<Signature>() {}, "model"),
                  rows.getString(6),
                  rows.getString(7),
                  Json.read(rows.getString(8), TEXTS, "model"),
                  Json.read(rows.getString(9), TEXTS, "model"),
                  Instant.ofEpochMilli(rows.getLong(10)),
                  rows.getString(11),
                  Optional.of(rows.getString(12))
                      .filter(json -> !json.isEmpty())
                      .map(json -> Json.read(json, new TypeReference<TextModel>() {}, "model"))));
        }
      }
    }
    return all;
  }

  private static void refuseShipped(String model) {
    if (ShippedModels.all().stream().anyMatch(shipped -> shipped.model().equals(model))) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "the model \"%s\" comes with Kelda and stays as it is".formatted(model));
    }
  }

  private static List<Alias> aliases(Connection connection) throws SQLException {
    List<Alias> all = new ArrayList<>();
    try (PreparedStatement select =
            connection.prepareStatement(
                "SELECT model, alias, version FROM ai_model_aliases ORDER BY model, alias");
        ResultSet rows = select.executeQuery()) {
      while (rows.next()) {
        all.add(new Alias(rows.getString(1), rows.getString(2), rows.getLong(3)));
      }
    }
    return all;
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

  /** As models are named in the metastore. */
  public static String lower(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  private static KeldaException notFound(String message) {
    return new KeldaException(ErrorCode.MODEL_NOT_FOUND, message);
  }
}
