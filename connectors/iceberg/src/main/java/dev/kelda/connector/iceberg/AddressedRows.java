package dev.kelda.connector.iceberg;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.connector.AddressedTable;
import dev.kelda.spi.connector.AddressedTable.RowFile;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.connector.TableStatistics;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.expressions.Expressions;

/**
 * A version of a table with the addresses of its rows. The reader makes an address of a file's
 * first address, which stands in the place of its first row id, and the row's position.
 *
 * @param numbers of the files by their paths
 * @param wanted numbers of the files to be read
 */
record AddressedRows(IcebergTable base, Map<String, Integer> numbers, IntPredicate wanted)
    implements Table {
  /** The reader knows the column by this id, which is none of Iceberg's. */
  private static final Scan.ColumnSource ADDRESS =
      new Scan.ColumnSource(-2, Optional.empty(), List.of(), List.of());

  AddressedRows {
    requireNonNull(base, "base is null");
    requireNonNull(wanted, "wanted is null");
  }

  /** The files of a version in an order that depends on nothing else. */
  static List<RowFile> files(IcebergTable base) {
    return base.planner().tasks(Expressions.alwaysTrue()).stream()
        .sorted(
            Comparator.comparing(
                    (FileScanTask task) ->
                        Optional.ofNullable(task.file().dataSequenceNumber()).orElse(0L))
                .thenComparing(task -> task.file().location()))
        .map(task -> new RowFile(task.file().location(), task.file().recordCount(), deletes(task)))
        .toList();
  }

  private static String deletes(FileScanTask task) {
    return task.deletes().stream()
        .map(AddressedRows::name)
        .sorted()
        .collect(Collectors.joining("\n"));
  }

  private static String name(DeleteFile file) {
    return file.contentOffset() == null
        ? file.location()
        : file.location() + "@" + file.contentOffset();
  }

  static Map<String, Integer> numbers(List<RowFile> files) {
    return IntStream.range(0, files.size())
        .boxed()
        .collect(Collectors.toMap(i -> files.get(i).path(), i -> i));
  }

  @Override
  public Schema schema() {
    List<Field> fields = new ArrayList<>(base.schema().getFields());
    FieldType number = FieldType.notNullable(CanonicalTypes.INT64);
    fields.add(new Field(AddressedTable.ADDRESS, number, List.of()));
    fields.add(RowsTable.Reserved.POSITION.field());
    return new Schema(fields);
  }

  @Override
  public TableKind kind() {
    return base.kind();
  }

  @Override
  public TableStatistics statistics() {
    return base.statistics();
  }

  @Override
  public String version() {
    return base.version();
  }

  @Override
  public Scan scan(List<Predicate> conjuncts) {
    List<Scan.ColumnSource> columns = new ArrayList<>(base.planner().columns());
    columns.add(ADDRESS);
    columns.add(RowsTable.Reserved.POSITION.source());
    return IcebergErrors.translating(
        base.toString(),
        () ->
            new Scan.Files(
                Scan.FileFormat.PARQUET,
                Scan.FormatOptions.DEFAULT,
                true,
                columns,
                base.planner().tasks(Filters.expression(base.icebergSchema(), conjuncts)).stream()
                    .filter(task -> wanted.test(numbers.get(task.file().location())))
                    .map(this::file)
                    .toList()));
  }

  private Scan.DataFile file(FileScanTask task) {
    Scan.DataFile file = base.planner().dataFile(task);
    long first = AddressedTable.address(numbers.get(file.path()), 0);
    Map<Integer, Scan.FileColumnStatistics> statistics = new HashMap<>(file.statistics());
    statistics.put(
        base.schema().getFields().size(),
        new Scan.FileColumnStatistics(
            0, address(first), address(first + Math.max(0, file.rows() - 1)), false));
    return new Scan.DataFile(
        file.path(),
        file.bytes(),
        file.rows(),
        statistics,
        file.constants(),
        file.deletes(),
        file.dataSequenceNumber(),
        first);
  }

  private static Optional<Scalar> address(long value) {
    return Optional.of(Scalar.of(new ArrowType.Int(64, true), value));
  }
}
