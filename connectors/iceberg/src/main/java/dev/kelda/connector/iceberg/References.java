package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.TableChange;
import dev.kelda.spi.connector.TableChange.Reference;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.Locale;
import java.util.Optional;
import org.apache.iceberg.ManageSnapshots;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotRef;
import org.apache.iceberg.Table;
import org.apache.iceberg.Transaction;

/** Tags and branches. */
final class References {
  private final Transaction transaction;

  References(Transaction transaction) {
    this.transaction = transaction;
  }

  void set(TableChange.SetReference change) {
    Table table = transaction.table();
    Optional<SnapshotRef> known = find(change.kind(), change.name());
    if (known.isPresent()) {
      switch (change.ifExists()) {
        case FAIL ->
            throw error(change.kind(), change.name(), "exists already; use CREATE OR REPLACE");
        case KEEP -> {
          return;
        }
        case REPLACE, MUST_EXIST -> {}
      }
    } else if (change.ifExists() == TableChange.SetReference.IfExists.MUST_EXIST) {
      throw error(change.kind(), change.name(), "does not exist; use CREATE");
    }
    ManageSnapshots update = transaction.manageSnapshots();
    if (change.snapshot().isEmpty() && table.currentSnapshot() == null) {
      emptyBranch(change, update);
    } else {
      long snapshot =
          change.snapshot().isPresent()
              ? snapshot(table, change.snapshot().getAsLong())
              : table.currentSnapshot().snapshotId();
      point(change, known.isPresent(), snapshot, update);
    }
    retention(change, update);
    update.commit();
  }

  private static void emptyBranch(TableChange.SetReference change, ManageSnapshots update) {
    if (change.kind() == Reference.TAG) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT, "a tag needs a snapshot, and the table has none yet");
    }
    update.createBranch(change.name());
  }

  private static void point(
      TableChange.SetReference change, boolean exists, long snapshot, ManageSnapshots update) {
    switch (change.kind()) {
      case TAG -> {
        if (exists) {
          update.replaceTag(change.name(), snapshot);
        } else {
          update.createTag(change.name(), snapshot);
        }
      }
      case BRANCH -> {
        if (exists) {
          update.replaceBranch(change.name(), snapshot);
        } else {
          update.createBranch(change.name(), snapshot);
        }
      }
    }
  }

  private static void retention(TableChange.SetReference change, ManageSnapshots update) {
    TableChange.Retention retention = change.retention();
    retention.reference().ifPresent(age -> update.setMaxRefAgeMs(change.name(), age.toMillis()));
    retention.snapshots().ifPresent(count -> update.setMinSnapshotsToKeep(change.name(), count));
    retention
        .snapshotAge()
        .ifPresent(age -> update.setMaxSnapshotAgeMs(change.name(), age.toMillis()));
  }

  void drop(TableChange.DropReference change) {
    if (find(change.kind(), change.name()).isEmpty()) {
      if (change.ifExists()) {
        return;
      }
      throw error(change.kind(), change.name(), "does not exist");
    }
    ManageSnapshots update = transaction.manageSnapshots();
    switch (change.kind()) {
      case TAG -> update.removeTag(change.name());
      case BRANCH -> update.removeBranch(change.name());
    }
    update.commit();
  }

  private Optional<SnapshotRef> find(Reference kind, String name) {
    SnapshotRef known = transaction.table().refs().get(name);
    if (known != null && known.isTag() != (kind == Reference.TAG)) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "\"" + name + "\" is a " + (known.isTag() ? "tag" : "branch"));
    }
    return Optional.ofNullable(known);
  }

  private static long snapshot(Table table, long id) {
    Snapshot snapshot = table.snapshot(id);
    if (snapshot == null) {
      throw new KeldaException(ErrorCode.INVALID_ARGUMENT, "there is no snapshot " + id);
    }
    return id;
  }

  private static KeldaException error(Reference kind, String name, String what) {
    return new KeldaException(
        ErrorCode.INVALID_ARGUMENT,
        kind.name().toLowerCase(Locale.ROOT) + " \"" + name + "\" " + what);
  }
}
