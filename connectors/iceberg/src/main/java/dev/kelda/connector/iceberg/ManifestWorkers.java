package dev.kelda.connector.iceberg;

import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.iceberg.ExpireSnapshots;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotUpdate;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableScan;

/**
 * Who reads and writes manifests. Iceberg looks every ten milliseconds whether its workers are
 * done, which is longer than a few local manifests take in all: those are left to the caller.
 */
final class ManifestWorkers {
  private static final int FEW_FILES = 16;
  private static final int FEW_OBJECTS = 1;

  private ManifestWorkers() {}

  /** The scan, to be planned by the caller's thread when the snapshot has few manifests. */
  static TableScan planned(TableScan scan, Table table, Snapshot snapshot) {
    return areFew(table, snapshot) ? scan.planWith(new Caller()) : scan;
  }

  /** Lets the caller's thread make the change when the table has few manifests. */
  static void lendTo(SnapshotUpdate<?> update, Table table) {
    if (areFew(table, table.currentSnapshot())) {
      ExecutorService caller = new Caller();
      update.scanManifestsWith(caller);
      update.writeManifestsWith(caller, 1);
    }
  }

  /** Lets the caller's thread look for unused files when the table has few manifests. */
  static void lendTo(ExpireSnapshots expire, Table table) {
    if (areFew(table, table.currentSnapshot())) {
      expire.planWith(new Caller());
    }
  }

  /**
   * @param snapshot null when there is none yet
   */
  private static boolean areFew(Table table, Snapshot snapshot) {
    int few = Locations.isLocal(table.location()) ? FEW_FILES : FEW_OBJECTS;
    return snapshot == null || snapshot.allManifests(table.io()).size() <= few;
  }

  /** Runs tasks in the thread that hands them in. */
  private static final class Caller extends AbstractExecutorService {
    private volatile boolean shutdown;

    @Override
    public void execute(Runnable task) {
      task.run();
    }

    @Override
    public void shutdown() {
      shutdown = true;
    }

    @Override
    public List<Runnable> shutdownNow() {
      shutdown = true;
      return List.of();
    }

    @Override
    public boolean isShutdown() {
      return shutdown;
    }

    @Override
    public boolean isTerminated() {
      return shutdown;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
      return shutdown;
    }
  }
}
