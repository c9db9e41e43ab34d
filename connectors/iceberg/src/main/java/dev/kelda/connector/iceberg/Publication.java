package dev.kelda.connector.iceberg;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.iceberg.AppendFiles;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.OverwriteFiles;
import org.apache.iceberg.ReplacePartitions;
import org.apache.iceberg.RowDelta;
import org.apache.iceberg.SnapshotUpdate;
import org.apache.iceberg.Table;
import org.apache.iceberg.Transaction;
import org.apache.iceberg.exceptions.NoSuchTableException;
import org.apache.iceberg.exceptions.ValidationException;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.Expressions;

/** How written files become visible: one swap of the catalog's pointer. */
interface Publication {
  /** Loads the table afresh from the catalog; empty when it does not exist. */
  interface Reload extends Supplier<Optional<Table>> {
    /** The table as it is now. */
    default Table now() {
      return get().orElseThrow(() -> new NoSuchTableException("the table is gone"));
    }

    /** Takes note of the table as a change of it has left it. */
    default void changed(Table table) {}
  }

  /** Publishes the files, once; Iceberg's exceptions pass through. */
  void publish(List<DataFile> files, String commitId);

  Reload reload();

  /** Whether a failed conflict may be tried again. */
  default boolean repeatable() {
    return true;
  }

  /**
   * A new snapshot on an existing table.
   *
   * @param uuid of the table that the files are for
   * @param summary further entries of the snapshot's summary
   */
  record Append(Reload reload, UUID uuid, String branch, Map<String, String> summary)
      implements Publication {
    @Override
    public void publish(List<DataFile> files, String commitId) {
      if (files.isEmpty() && summary.isEmpty()) {
        return;
      }
      Table table = reload.now();
      if (!table.uuid().equals(uuid)) {
        throw new Conflict(new ValidationException("The table was dropped and created again"));
      }
      AppendFiles append = table.newAppend().toBranch(branch);
      files.forEach(append::appendFile);
      summary.forEach(append::set);
      change(table, append, commitId);
    }
  }

  /** A new or replaced table together with its first snapshot. */
  record Create(Transaction transaction, Reload reload) implements Publication {
    @Override
    public void publish(List<DataFile> files, String commitId) {
      if (!files.isEmpty()) {
        AppendFiles append = transaction.newAppend();
        files.forEach(append::appendFile);
        commit(transaction.table(), append, commitId);
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

  /**
   * The same rows in other files.
   *
   * @param commit one swap; it refreshes the table itself
   */
  record Maintenance(Runnable commit, Reload reload) implements Publication {
    @Override
    public void publish(List<DataFile> files, String commitId) {
      try {
        commit.run();
      } catch (ValidationException e) {
        throw new Conflict(e);
      }
    }
  }

  /**
   * The partitions of the files get these rows only; a table without partitions gets no others.
   *
   * @param read the snapshot that the new rows were made from; empty for a table without one
   */
  record Overwrite(Reload reload, Optional<Long> read, Map<String, String> summary)
      implements Publication {
    @Override
    public void publish(List<DataFile> files, String commitId) {
      Table table = reload.now();
      if (table.spec().isUnpartitioned()) {
        OverwriteFiles overwrite =
            table
                .newOverwrite()
                .overwriteByRowFilter(Expressions.alwaysTrue())
                .conflictDetectionFilter(Expressions.alwaysTrue())
                .validateNoConflictingData()
                .validateNoConflictingDeletes();
        read.ifPresent(overwrite::validateFromSnapshot);
        files.forEach(overwrite::addFile);
        summary.forEach(overwrite::set);
        change(table, overwrite, commitId);
      } else if (!files.isEmpty()) {
        ReplacePartitions replace =
            table.newReplacePartitions().validateNoConflictingData().validateNoConflictingDeletes();
        read.ifPresent(replace::validateFromSnapshot);
        files.forEach(replace::addFile);
        summary.forEach(replace::set);
        change(table, replace, commitId);
      }
    }
  }

  /** No rows at all. */
  record Truncate(Reload reload) implements Publication {
    @Override
    public void publish(List<DataFile> files, String commitId) {
      Table table = reload.now();
      if (table.currentSnapshot() != null) {
        change(table, table.newDelete().deleteFromRowFilter(Expressions.alwaysTrue()), commitId);
      }
    }
  }

  /**
   * Whole files go, others come: copy-on-write.
   *
   * @param read the snapshot that the change was made from
   * @param condition what the change has read
   */
  record Replace(
      Reload reload,
      Optional<Long> read,
      List<DataFile> removed,
      Expression condition,
      boolean serializable,
      Map<String, String> summary)
      implements Publication {
    @Override
    public void publish(List<DataFile> files, String commitId) {
      Table table = reload.now();
      OverwriteFiles overwrite =
          table.newOverwrite().conflictDetectionFilter(condition).validateNoConflictingDeletes();
      read.ifPresent(overwrite::validateFromSnapshot);
      if (serializable) {
        overwrite.validateNoConflictingData();
      }
      removed.forEach(overwrite::deleteFile);
      files.forEach(overwrite::addFile);
      summary.forEach(overwrite::set);
      change(table, overwrite, commitId);
    }
  }

  /**
   * Rows go by delete files: merge-on-read.
   *
   * @param changed locations of the data files that lose rows
   */
  record Delta(
      Reload reload,
      Optional<Long> read,
      List<DataFile> removed,
      PositionDeletes.Written deletes,
      List<String> changed,
      Expression condition,
      boolean serializable,
      Map<String, String> summary)
      implements Publication {
    @Override
    public void publish(List<DataFile> files, String commitId) {
      Table table = reload.now();
      RowDelta delta =
          table
              .newRowDelta()
              .conflictDetectionFilter(condition)
              .validateDataFilesExist(changed)
              .validateDeletedFiles()
              .validateNoConflictingDeleteFiles();
      read.ifPresent(delta::validateFromSnapshot);
      if (serializable) {
        delta.validateNoConflictingDataFiles();
      }
      files.forEach(delta::addRows);
      removed.forEach(delta::removeRows);
      deletes.added().forEach(delta::addDeletes);
      deletes.replaced().forEach(delta::removeDeletes);
      summary.forEach(delta::set);
      change(table, delta, commitId);
    }
  }

  /** Commits, and takes note of the table as it is then. */
  default void change(Table table, SnapshotUpdate<?> update, String commitId) {
    commit(table, update, commitId);
    try {
      reload().changed(table);
    } catch (RuntimeException e) {
      // The change is made all the same; the next reader reads the file.
      System.getLogger(Publication.class.getName())
          .log(System.Logger.Level.DEBUG, "cannot load a table after its change", e);
    }
  }

  /**
   * Commits with the id in the snapshot's summary; what does not fit together any more is a {@link
   * Conflict}.
   */
  static void commit(Table table, SnapshotUpdate<?> update, String commitId) {
    ManifestWorkers.lendTo(update, table);
    update.set(IcebergWrite.COMMIT_ID, commitId);
    try {
      update.commit();
    } catch (ValidationException e) {
      throw new Conflict(e);
    }
  }

  /** Somebody else has changed what this change was made from: trying again cannot help. */
  final class Conflict extends RuntimeException
      implements org.apache.iceberg.exceptions.CleanableFailure {
    private static final long serialVersionUID = 1;

    Conflict(ValidationException cause) {
      super(cause.getMessage(), cause);
    }
  }
}
