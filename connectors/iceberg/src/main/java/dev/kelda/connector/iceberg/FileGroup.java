package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableKind;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.iceberg.FileScanTask;

/** The rows of some files of a table, their deletes applied. */
final class FileGroup implements Table {
  private final Schema schema;
  private final Scan.Files scan;
  private final String version;

  FileGroup(org.apache.iceberg.Table table, List<FileScanTask> tasks, Locations locations) {
    this.schema = IcebergTypes.toArrow(table.name(), table.schema());
    this.scan =
        new ScanPlanner(
                table.name(),
                table,
                Optional.ofNullable(table.currentSnapshot()),
                table.schema(),
                locations)
            .files(tasks);
    this.version = table.uuid() + "#" + tasks.hashCode();
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
