package dev.kelda.connector.iceberg;

import dev.kelda.connector.iceberg.RowsTable.Reserved;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.connector.TableStatistics;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * {@code t$rows}: a version of a table with Iceberg's metadata columns, under Iceberg's names. Rows
 * that were written before format 3 have no id.
 */
record RowsWithOrigin(IcebergTable base) implements Table {
  static final String SUFFIX = "$rows";

  private static final List<Reserved> LINEAGE = List.of(Reserved.ROW_ID, Reserved.LAST_UPDATED);

  @Override
  public Schema schema() {
    List<Field> fields = new ArrayList<>(base.schema().getFields());
    LINEAGE.forEach(column -> fields.add(column.written()));
    fields.add(Field.nullable("_file", CanonicalTypes.UTF8));
    fields.add(Field.nullable("_pos", CanonicalTypes.INT64));
    return new Schema(fields);
  }

  @Override
  public TableKind kind() {
    return TableKind.SYSTEM_TABLE;
  }

  @Override
  public TableStatistics statistics() {
    return base.statistics();
  }

  @Override
  public String version() {
    return base.version() + SUFFIX;
  }

  @Override
  public Scan scan(List<Predicate> conjuncts) {
    int own = base.schema().getFields().size();
    Scan.Files files =
        (Scan.Files)
            base.scan(
                conjuncts.stream()
                    .filter(conjunct -> conjunct.columns().allMatch(column -> column < own))
                    .toList());
    List<Scan.ColumnSource> columns = new ArrayList<>(files.columns());
    LINEAGE.forEach(column -> columns.add(column.source()));
    columns.add(Reserved.FILE.source());
    columns.add(Reserved.POSITION.source());
    int file = own + LINEAGE.size();
    return new Scan.Files(
        files.format(),
        files.options(),
        files.byFieldId(),
        columns,
        files.files().stream()
            .map(data -> data.withConstant(file, Scalar.of(CanonicalTypes.UTF8, data.path())))
            .toList());
  }
}
