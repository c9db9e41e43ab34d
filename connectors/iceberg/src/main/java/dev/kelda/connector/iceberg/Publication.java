package dev.kelda.connector.iceberg;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.iceberg.AppendFiles;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Table;
import org.apache.iceberg.Transaction;

/** How written files become visible: one swap of the catalog's pointer. */
interface Publication {
  /** Loads the table afresh from the catalog; empty when it does not exist. */
  interface Reload extends Supplier<Optional<Table>> {}

  /** Publishes the files, once; Iceberg's exceptions pass through. */
  void publish(List<DataFile> files, String commitId);

  Reload reload();

  /** Whether a failed conflict may be tried again. */
  boolean repeatable();

  /** A new snapshot on an existing table. */
  record Append(Table table, Reload reload) implements Publication {
    @Override
    public void publish(List<DataFile> files, String commitId) {
      if (!files.isEmpty()) {
        append(table.newAppend(), files, commitId);
      }
    }

    @Override
    public boolean repeatable() {
      return true;
    }
  }

  /** A new or replaced table together with its first snapshot. */
  record Create(Transaction transaction, Reload reload) implements Publication {
    @Override
    public void publish(List<DataFile> files, String commitId) {
      if (!files.isEmpty()) {
        append(transaction.newAppend(), files, commitId);
      }
      transaction.commitTransaction();
    }

    @Override
    public boolean repeatable() {
      return false;
    }
  }

  /** Files that something else commits. */
  record Collect(Table table, Consumer<List<DataFile>> collector) implements Publication {
    @Override
    public void publish(List<DataFile> files, String commitId) {
      collector.accept(files);
    }

    @Override
    public Reload reload() {
      return () -> Optional.of(table);
    }

    @Override
    public boolean repeatable() {
      return false;
    }
  }

  private static void append(AppendFiles append, List<DataFile> files, String commitId) {
    append.set(IcebergWrite.COMMIT_ID, commitId);
    files.forEach(append::appendFile);
    append.commit();
  }
}
