package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.connector.TableStatistics;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A version of a table with columns that say where its rows are, and in v3 which rows they are.
 *
 * @param base the version
 * @param reserved the columns after the table's own
 * @param files lists the files to read; a file's number becomes its rows' file column
 */
record RowsTable(
    IcebergTable base, List<Reserved> reserved, Function<List<Predicate>, List<Numbered>> files)
    implements Table {
  /** A data file and its number in a change. */
  record Numbered(int number, Scan.DataFile file) {}

  /** Columns by Iceberg's reserved field ids. */
  enum Reserved {
    ROW_ID("$row_id", 2_147_483_540, CanonicalTypes.INT64),
    LAST_UPDATED("$last_updated", 2_147_483_539, CanonicalTypes.INT64),
    FILE("$file", 0, CanonicalTypes.INT32),
    POSITION("$pos", 2_147_483_645, CanonicalTypes.INT64);

    private final Field field;
    private final int id;

    Reserved(String name, int id, ArrowType type) {
      // What says where a row is is never NULL; row ids of rows from before v3 are.
      boolean nullable = id == 2_147_483_540 || id == 2_147_483_539;
      this.field = new Field(name, new FieldType(nullable, type, null), List.of());
      this.id = id;
    }

    Field field() {
      return field;
    }

    /** The column as it is written to files, under Iceberg's name. */
    Field written() {
      return new Field(
          this == ROW_ID ? "_row_id" : "_last_updated_sequence_number",
          FieldType.nullable(field.getType()),
          List.of());
    }

    Scan.ColumnSource source() {
      return new Scan.ColumnSource(id, Optional.empty(), List.of(), List.of());
    }
  }

  @Override
  public Schema schema() {
    List<Field> fields = new ArrayList<>(base.schema().getFields());
    reserved.forEach(column -> fields.add(column.field()));
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
    int number = base.schema().getFields().size() + reserved.indexOf(Reserved.FILE);
    List<Scan.ColumnSource> columns = new ArrayList<>(base.planner().columns());
    reserved.forEach(column -> columns.add(column.source()));
    return new Scan.Files(
        Scan.FileFormat.PARQUET,
        Scan.FormatOptions.DEFAULT,
        true,
        columns,
        files.apply(conjuncts).stream().map(file -> numbered(file, number)).toList());
  }

  private static Scan.DataFile numbered(Numbered numbered, int column) {
    return numbered
        .file()
        .withConstant(column, Scalar.of(CanonicalTypes.INT32, (long) numbered.number()));
  }
}
