package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.connector.TableStatistics;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.expressions.Expressions;

/**
 * A part of a snapshot.
 *
 * @param wanted the data files, each with its delete files
 * @param rows of the data files, deleted ones included
 */
record FilesBeyond(IcebergTable base, Set<Piece> wanted, long rows) implements Table {
  /** A data file as it is read: with other delete files it has other rows. */
  record Piece(String file, Set<String> deletes) {
    static Piece of(FileScanTask task) {
      return new Piece(
          task.file().location(),
          task.deletes().stream()
              .map(delete -> delete.location() + "#" + delete.contentOffset())
              .collect(Collectors.toUnmodifiableSet()));
    }
  }

  /** What {@code base} has and {@code other} has not. */
  static FilesBeyond of(IcebergTable base, IcebergTable other) {
    Set<Piece> known = new HashSet<>();
    other.planner().tasks(Expressions.alwaysTrue()).forEach(task -> known.add(Piece.of(task)));
    Set<Piece> wanted = new HashSet<>();
    long rows = 0;
    for (FileScanTask task : base.planner().tasks(Expressions.alwaysTrue())) {
      Piece piece = Piece.of(task);
      if (!known.contains(piece)) {
        wanted.add(piece);
        rows += task.file().recordCount();
      }
    }
    return new FilesBeyond(base, Set.copyOf(wanted), rows);
  }

  boolean isEmpty() {
    return wanted.isEmpty();
  }

  @Override
  public Schema schema() {
    return base.schema();
  }

  @Override
  public TableKind kind() {
    return base.kind();
  }

  @Override
  public TableStatistics statistics() {
    return new TableStatistics(OptionalDouble.of(rows), Map.of());
  }

  @Override
  public String version() {
    return base.version() + "+" + wanted.hashCode();
  }

  @Override
  public Scan scan(List<Predicate> conjuncts) {
    return IcebergErrors.translating(
        base.toString(),
        () ->
            base.planner()
                .files(
                    base
                        .planner()
                        .tasks(Filters.expression(base.icebergSchema(), conjuncts))
                        .stream()
                        .filter(task -> wanted.contains(Piece.of(task)))
                        .toList()));
  }
}
