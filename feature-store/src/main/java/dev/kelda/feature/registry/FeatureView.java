package dev.kelda.feature.registry;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.connector.Timeline;
import dev.kelda.spi.extension.EngineServices.TableName;
import dev.kelda.spi.extension.QueryAnalysis.Origin;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * One version of a feature view.
 *
 * @param name the view's, without a version
 * @param version counted from 1, never used again
 * @param current whether {@code name} alone means this version
 */
public record FeatureView(
    TableName name,
    long version,
    boolean current,
    Definition definition,
    ViewOptions options,
    Instant createdAt,
    String createdBy) {
  public FeatureView {
    requireNonNull(name, "name is null");
    requireNonNull(definition, "definition is null");
    requireNonNull(options, "options is null");
    requireNonNull(createdAt, "createdAt is null");
    requireNonNull(createdBy, "createdBy is null");
  }

  /**
   * What never changes of a version.
   *
   * @param sql one query, as it was written
   * @param catalog where names of the query without a catalog are looked up
   * @param schema where names of one part are looked up
   * @param columns of the query, nullable, in canonical types
   * @param primaryKey names of columns; empty: the view is about nothing in particular
   * @param eventTime column: since when a row holds
   * @param knownAt column: since when a row was known; empty when that is the event time
   * @param sources every table and view that the query names
   * @param lineage for each column where its values come from
   */
  public record Definition(
      String sql,
      String catalog,
      String schema,
      Schema columns,
      List<String> primaryKey,
      String eventTime,
      Optional<String> knownAt,
      List<TableName> sources,
      List<List<Origin>> lineage) {
    public Definition {
      requireNonNull(sql, "sql is null");
      requireNonNull(catalog, "catalog is null");
      requireNonNull(schema, "schema is null");
      requireNonNull(columns, "columns is null");
      primaryKey = List.copyOf(primaryKey);
      requireNonNull(eventTime, "eventTime is null");
      requireNonNull(knownAt, "knownAt is null");
      sources = List.copyOf(sources);
      lineage = lineage.stream().map(List::copyOf).toList();
    }
  }

  /** The table or view of the catalog behind this version: {@code v}, or {@code v@1} of old. */
  public TableName table() {
    return current ? name : name.beside(reference());
  }

  /** {@code v@3}: this version, whichever is current. */
  public String reference() {
    return name.name() + "@" + version;
  }

  /** When a row is visible. */
  public Timeline timeline() {
    return new Timeline(
        definition.primaryKey(),
        definition.eventTime(),
        definition.knownAt(),
        options.timeToLive());
  }

  /** The key columns, in the order of PRIMARY KEY. */
  public List<Field> keyColumns() {
    return definition.primaryKey().stream().map(definition.columns()::findField).toList();
  }

  /** The columns that are neither key nor time, in the order of the query. */
  public List<Field> valueColumns() {
    List<String> others =
        Stream.of(
                definition.primaryKey().stream(),
                Stream.of(definition.eventTime()),
                definition.knownAt().stream())
            .flatMap(names -> names)
            .toList();
    return definition.columns().getFields().stream()
        .filter(column -> !others.contains(column.getName()))
        .toList();
  }

  @Override
  public String toString() {
    return name + "@" + version;
  }
}
