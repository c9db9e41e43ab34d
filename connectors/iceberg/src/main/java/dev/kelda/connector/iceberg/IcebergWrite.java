package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.TableWrite;
import java.util.List;
import org.apache.iceberg.Table;

/** A pending append, overwrite or creation. */
final class IcebergWrite implements TableWrite {
  /** Key in the snapshot summary. */
  static final String COMMIT_ID = "kelda.commit-id";

  private final DataFolder folder;
  private final CommitGuard guard;
  private final WriteTarget target;

  /**
   * @param table the table, or for a creation the one it will be
   */
  IcebergWrite(String name, Table table, Publication publication) {
    this.folder = new DataFolder(name, table);
    this.guard = new CommitGuard(name, publication, folder.id(), CommitGuard.LOOKUP);
    this.target = folder.target("", WriteLayouts.of(table), List.of(), List.of());
  }

  @Override
  public WriteTarget target() {
    return target;
  }

  @Override
  public void commit(List<WrittenFile> files) {
    guard.commit(folder.dataFiles(files));
  }

  @Override
  public void abort(List<WrittenFile> files) {
    folder.remove(files.stream().map(WrittenFile::path).toList());
  }
}
