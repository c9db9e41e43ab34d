package dev.kelda.connector.iceberg;

import dev.kelda.connector.iceberg.RowsTable.Reserved;
import dev.kelda.spi.connector.TableWrite;
import java.util.List;
import java.util.function.Consumer;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.SortOrder;
import org.apache.iceberg.Table;

/** A pending append, overwrite or creation. */
final class IcebergWrite implements TableWrite {
  /** Key in the snapshot summary. */
  static final String COMMIT_ID = "kelda.commit-id";

  private final DataFolder folder;
  private final CommitGuard guard;
  private final WriteTarget target;
  private final SortOrder order;

  /**
   * @param table the table, or for a creation the one it will be
   */
  IcebergWrite(String name, Table table, Publication publication, CommitQueue.Lane lane) {
    this(
        name,
        table,
        publication,
        lane,
        WriteLayouts.of(table),
        table.sortOrder(),
        List.<Reserved>of());
  }

  private IcebergWrite(
      String name,
      Table table,
      Publication publication,
      CommitQueue.Lane lane,
      Layout layout,
      SortOrder order,
      List<Reserved> more) {
    this.folder = new DataFolder(name, table);
    this.guard = new CommitGuard(name, publication, folder.id(), lane);
    this.target = folder.target("", layout, more);
    this.order = order;
  }

  /**
   * Files that something else commits.
   *
   * @param order what is said of the files
   * @param more columns after the table's own
   */
  static IcebergWrite collecting(
      Table table,
      Layout layout,
      SortOrder order,
      List<Reserved> more,
      Consumer<List<DataFile>> collector) {
    return new IcebergWrite(
        table.name(),
        table,
        new Publication.Collect(table, collector),
        CommitQueue.Lane.FREE,
        layout,
        order,
        more);
  }

  @Override
  public WriteTarget target() {
    return target;
  }

  @Override
  public void commit(List<WrittenFile> files) {
    guard.commit(folder.dataFiles(files, order));
  }

  @Override
  public void abort(List<WrittenFile> files) {
    folder.remove(files.stream().map(WrittenFile::path).toList());
  }
}
