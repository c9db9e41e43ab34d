package dev.kelda.connector.iceberg;

import dev.kelda.connector.iceberg.RowsTable.Reserved;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.TableUtil;

/**
 * The rows of some files of a table, their deletes applied; in v3 with the columns that say which
 * rows they are, so that they stay the same rows in other files.
 */
final class FileGroup implements Table {
  private final List<Reserved> lineage;
  private final Schema schema;
  private final Scan.Files scan;
  private final String version;

  FileGroup(org.apache.iceberg.Table table, List<FileScanTask> tasks, Locations locations) {
    this.lineage =
        TableUtil.formatVersion(table) >= 3
            ? List.of(Reserved.ROW_ID, Reserved.LAST_UPDATED)
            : List.of();
    List<Field> fields =
        new ArrayList<>(IcebergTypes.toArrow(table.name(), table.schema()).getFields());
    lineage.forEach(column -> fields.add(column.field()));
    this.schema = new Schema(fields);
    Scan.Files files =
        new ScanPlanner(
                table.name(),
                table,
                Optional.ofNullable(table.currentSnapshot()),
                table.schema(),
                locations)
            .files(tasks);
    List<Scan.ColumnSource> columns = new ArrayList<>(files.columns());
    lineage.forEach(column -> columns.add(column.source()));
    this.scan =
        new Scan.Files(files.format(), files.options(), files.byFieldId(), columns, files.files());
    this.version = table.uuid() + "#" + tasks.hashCode();
  }

  /** The columns after the table's own. */
  List<Reserved> lineage() {
    return lineage;
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
  public String version() {
    return version;
  }

  @Override
  public Scan scan(List<Predicate> conjuncts) {
    return scan;
  }
}
