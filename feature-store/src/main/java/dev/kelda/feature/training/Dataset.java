package dev.kelda.feature.training;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.connector.Timeline;
import dev.kelda.spi.connector.View;
import dev.kelda.spi.extension.EngineServices.TableName;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * One version of a training dataset.
 *
 * @param name the dataset's, without a version
 * @param version counted from 1
 * @param contents what its rows are, or were before they were deleted; empty while it is made
 */
record Dataset(
    TableName name,
    long version,
    State state,
    Recipe recipe,
    Optional<Contents> contents,
    Instant createdAt,
    String createdBy) {
  private static final String OWNER = "training dataset ";

  Dataset {
    requireNonNull(name, "name is null");
    requireNonNull(state, "state is null");
    requireNonNull(recipe, "recipe is null");
    requireNonNull(contents, "contents is null");
    requireNonNull(createdAt, "createdAt is null");
    requireNonNull(createdBy, "createdBy is null");
  }

  /** How far a version has come. */
  enum State {
    /** Its rows are being made. */
    NEW,
    READY,
    /** Its rows were deleted; what they were is known. */
    EMPTY,
    /** It is going away. */
    DROPPING
  }

  /** {@code d@3}: this version, and the name of its table. */
  TableName table() {
    return name.beside(name.name() + "@" + version);
  }

  /** {@link dev.kelda.spi.connector.Table#partOf} of its table. */
  String owner() {
    return OWNER + name.name() + "@" + version;
  }

  /** {@code d@3} of what {@link #owner} says; empty for what belongs to something else. */
  static Optional<String> reference(String owner) {
    return owner.startsWith(OWNER)
        ? Optional.of(owner.substring(OWNER.length()))
        : Optional.empty();
  }

  /** The tag that keeps the snapshots of its sources. */
  String tag() {
    return "training-dataset " + table();
  }

  @Override
  public String toString() {
    return table().toString();
  }

  /**
   * How its rows are made.
   *
   * @param columns of its table: those of the query, and {@code split}
   */
  record Recipe(
      String sql,
      String catalog,
      String schema,
      Schema columns,
      List<String> labels,
      Optional<Parts> split,
      List<Source> sources) {
    Recipe {
      labels = List.copyOf(labels);
      requireNonNull(split, "split is null");
      sources = List.copyOf(sources);
    }
  }

  /**
   * Which rows go where.
   *
   * @param kind HASH, TIME or RANDOM
   */
  record Parts(List<Part> parts, String kind, List<String> columns, long seed) {
    Parts {
      parts = List.copyOf(parts);
      columns = List.copyOf(columns);
    }
  }

  /** A name and its share of the rows. */
  record Part(String name, BigDecimal share) {}

  /**
   * A table or view as the query read it.
   *
   * @param besides {@code v@2} of a version of something: its table has this name, or that without
   *     a version
   * @param snapshot empty for a view, and for a table without snapshots
   * @param view its definition; empty for a table
   * @param timeline how its rows lay in time
   * @param pinned the snapshot has a tag
   * @param empty the columns of a table that never had rows
   */
  record Source(
      TableName name,
      Optional<TableName> besides,
      OptionalLong snapshot,
      Optional<View.Definition> view,
      Optional<Timeline> timeline,
      boolean pinned,
      Optional<Schema> empty) {}

  /** What its rows are. */
  record Contents(long rows, String checksum, List<ColumnStatistics> columns) {
    Contents {
      columns = List.copyOf(columns);
    }
  }

  /**
   * What is known of one column's values.
   *
   * @param distinct about how many different ones
   * @param min as text; empty when all are NULL or have no order
   * @param mean of numbers
   */
  record ColumnStatistics(
      String name,
      String type,
      long nulls,
      long distinct,
      Optional<String> min,
      Optional<String> max,
      Optional<Double> mean) {}
}
