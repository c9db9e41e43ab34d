package dev.kelda.connector.files;

import dev.kelda.spi.connector.ColumnStatistics;
import dev.kelda.spi.connector.FileInspector.Inspection;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.connector.TableStatistics;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/** The files of one path as they were when looked at. */
final class FileTable implements Table {
  /** A guess at the width of a value in text formats, which have no row counts. */
  private static final double BYTES_PER_VALUE = 8;

  private final FileKind kind;
  private final String path;
  private final Inspection inspection;
  private final Schema schema;
  private final TableStatistics statistics;

  FileTable(FileKind kind, String path, Inspection inspection) {
    this.kind = kind;
    this.path = path;
    this.inspection = inspection;
    this.schema = distinct(inspection.schema());
    this.statistics = summarise(inspection);
  }

  @Override
  public Schema schema() {
    return schema;
  }

  @Override
  public TableKind kind() {
    return TableKind.TABLE;
  }

  @Override
  public TableStatistics statistics() {
    return statistics;
  }

  @Override
  public String version() {
    return inspection.version() + " " + kind;
  }

  @Override
  public Scan scan(List<Predicate> conjuncts) {
    return new Scan.Files(
        kind.format(),
        kind.options(),
        false,
        IntStream.range(0, schema.getFields().size()).mapToObj(this::source).toList(),
        inspection.files());
  }

  private Scan.ColumnSource source(int column) {
    String name = inspection.schema().getFields().get(column).getName();
    return name.equals(schema.getFields().get(column).getName())
        ? Scan.ColumnSource.byName()
        : new Scan.ColumnSource(0, Optional.empty(), List.of(), List.of(name));
  }

  /** A name for each column of those that have none, and of those that differ in case only. */
  private static Schema distinct(Schema schema) {
    Set<String> taken = new HashSet<>();
    List<Field> fields = new ArrayList<>();
    for (Field field : schema.getFields()) {
      String own = field.getName().isEmpty() ? "column" + fields.size() : field.getName();
      String name = own;
      for (int n = 1; !taken.add(name.toLowerCase(Locale.ROOT)); n++) {
        name = own + "_" + n;
      }
      fields.add(new Field(name, field.getFieldType(), field.getChildren()));
    }
    return new Schema(fields);
  }

  @Override
  public String toString() {
    return "'" + path + "'";
  }

  private static TableStatistics summarise(Inspection inspection) {
    List<Scan.DataFile> files = inspection.files();
    int columns = inspection.schema().getFields().size();
    if (files.stream().anyMatch(file -> file.rows() < 0)) {
      double bytes = files.stream().mapToDouble(Scan.DataFile::bytes).sum();
      double rows = Math.max(1, bytes / (BYTES_PER_VALUE * Math.max(1, columns)));
      return new TableStatistics(OptionalDouble.of(rows), Map.of());
    }
    Map<Integer, ColumnStatistics> statistics = new HashMap<>();
    for (int column = 0; column < columns; column++) {
      int ordinal = column;
      List<Optional<Scan.FileColumnStatistics>> known =
          files.stream().map(file -> Optional.ofNullable(file.statistics().get(ordinal))).toList();
      if (!known.isEmpty() && known.stream().allMatch(Optional::isPresent)) {
        statistics.put(column, merge(known.stream().map(Optional::get).toList(), files));
      }
    }
    double rows = files.stream().mapToDouble(Scan.DataFile::rows).sum();
    return new TableStatistics(OptionalDouble.of(rows), statistics);
  }

  private static ColumnStatistics merge(
      List<Scan.FileColumnStatistics> parts, List<Scan.DataFile> files) {
    boolean nullsKnown = parts.stream().allMatch(part -> part.nulls() >= 0);
    OptionalLong nulls =
        nullsKnown
            ? OptionalLong.of(parts.stream().mapToLong(Scan.FileColumnStatistics::nulls).sum())
            : OptionalLong.empty();
    return new ColumnStatistics(
        OptionalDouble.empty(),
        nulls,
        extreme(parts, files, Scan.FileColumnStatistics::min, -1),
        extreme(parts, files, Scan.FileColumnStatistics::max, 1));
  }

  // Unknown as soon as one file with values has no bound.
  private static Optional<Scalar> extreme(
      List<Scan.FileColumnStatistics> parts,
      List<Scan.DataFile> files,
      Function<Scan.FileColumnStatistics, Optional<Scalar>> bound,
      int sign) {
    Scalar best = null;
    for (int i = 0; i < parts.size(); i++) {
      Optional<Scalar> next = bound.apply(parts.get(i)).filter(s -> s.value().isPresent());
      if (next.isEmpty()) {
        if (parts.get(i).nulls() == files.get(i).rows()) {
          continue;
        }
        return Optional.empty();
      }
      if (best == null || compare(next.get(), best) * sign > 0) {
        best = next.get();
      }
    }
    return Optional.ofNullable(best);
  }

  @SuppressWarnings("unchecked")
  private static int compare(Scalar a, Scalar b) {
    Object left = a.value().orElseThrow();
    Object right = b.value().orElseThrow();
    boolean comparable =
        left instanceof Comparable<?> && Objects.equals(left.getClass(), right.getClass());
    return comparable ? ((Comparable<Object>) left).compareTo(right) : 0;
  }
}
