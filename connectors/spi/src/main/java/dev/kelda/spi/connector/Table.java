package dev.kelda.spi.connector;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A table as it was at one moment: schema, statistics and scans of one {@code Table} object agree
 * with each other for as long as it lives (an Iceberg table is pinned to a snapshot). Immutable and
 * thread-safe.
 */
public interface Table {
  /**
   * Columns in {@linkplain CanonicalTypes canonical types}; field metadata {@code comment} is shown
   * by DESCRIBE.
   */
  Schema schema();

  TableKind kind();

  default TableStatistics statistics() {
    return TableStatistics.UNKNOWN;
  }

  /**
   * A plan made on a table holds for one of an equal version: the same columns, and the same rows
   * unless opening a scan asks the source anew, as with another database.
   */
  String version();

  /**
   * The call that this table stands for, when its rows are those of the moment it is read: {@code
   * ONLINE}. Queries whose rows are kept read no such table.
   */
  default Optional<String> asOfNow() {
    return Optional.empty();
  }

  /** What INSERT puts into columns that it is given no value for, by ordinal; absent = NULL. */
  default Map<Integer, Scalar> defaults() {
    return Map.of();
  }

  /** How its rows lie in time, when it says so: then it can be read and joined AS OF an instant. */
  default Optional<Timeline> timeline() {
    return Optional.empty();
  }

  /**
   * The object that this table is a part of: {@code feature view delays@2}. Only that object's own
   * statements change such a table. Empty for a table of its own.
   */
  default Optional<String> partOf() {
    return Optional.empty();
  }

  /**
   * Which of the conjuncts the source applies exactly, so that the engine need not repeat them. A
   * conjunct that is not returned is still given to {@link #scan} as a hint.
   *
   * @return a subset of {@code conjuncts}
   */
  default List<Predicate> appliedExactly(List<Predicate> conjuncts) {
    return List.of();
  }

  /**
   * Plans the reading: lists files or partitions. Does the I/O of planning but reads no rows.
   *
   * @param conjuncts conditions that every needed row meets; parameters are bound
   * @throws dev.kelda.spi.error.KeldaException with an EXTERNAL code when the source fails
   */
  Scan scan(List<Predicate> conjuncts);
}
