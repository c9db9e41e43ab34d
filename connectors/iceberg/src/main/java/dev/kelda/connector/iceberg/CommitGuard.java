package dev.kelda.connector.iceberg;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.testing.CrashPoint;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.exceptions.CleanableFailure;
import org.apache.iceberg.exceptions.CommitFailedException;

/**
 * Publishes with a commit id in the snapshot's summary, and after an error decides by looking for
 * that id in the table's history: found = done, refused by the catalog = nothing happened, else
 * unknown.
 */
final class CommitGuard {
  private static final int MAX_ATTEMPTS = 20;

  /** How long an outcome is looked for before it counts as unknown. */
  private static final Duration LOOKUP = Duration.ofSeconds(20);

  private final String name;
  private final Publication publication;
  private final String commitId;
  private final CommitQueue.Lane lane;
  private final Duration lookup;

  CommitGuard(String name, Publication publication, String commitId, CommitQueue.Lane lane) {
    this(name, publication, commitId, lane, LOOKUP);
  }

  CommitGuard(
      String name,
      Publication publication,
      String commitId,
      CommitQueue.Lane lane,
      Duration lookup) {
    this.name = name;
    this.publication = publication;
    this.commitId = commitId;
    this.lane = lane;
    this.lookup = lookup;
  }

  /**
   * @throws KeldaException COMMIT_STATE_UNKNOWN when the files must be kept; any other code when
   *     nothing was committed
   */
  void commit(List<DataFile> files) {
    for (int attempt = 1; ; attempt++) {
      try {
        CrashPoint.reached("iceberg.files-ready");
        lane.take(() -> publication.publish(files, commitId));
        CrashPoint.reached("iceberg.committed");
        return;
      } catch (CommitFailedException e) {
        if (!publication.repeatable() || attempt == MAX_ATTEMPTS) {
          throw IcebergErrors.translate(name, e);
        }
        pause(ThreadLocalRandom.current().nextLong(10, 50L + 10L * attempt));
      } catch (RuntimeException e) {
        if (e instanceof CleanableFailure || e instanceof KeldaException) {
          throw IcebergErrors.translate(name, e);
        }
        decide(e);
        return;
      }
    }
  }

  private void decide(RuntimeException failure) {
    boolean interrupted = Thread.interrupted();
    try {
      long deadline = System.nanoTime() + lookup.toNanos();
      for (long wait = 50; ; wait = Math.min(wait * 2, 2_000)) {
        boolean answered = true;
        try {
          if (landed()) {
            return;
          }
        } catch (RuntimeException catalogIsAway) {
          failure.addSuppressed(catalogIsAway);
          answered = false;
        }
        if (answered && isDefinite(failure)) {
          throw IcebergErrors.translate(name, failure);
        }
        if (System.nanoTime() > deadline) {
          throw new KeldaException(
              ErrorCode.COMMIT_STATE_UNKNOWN,
              "whether the commit to "
                  + name
                  + " took place is unknown; its id is "
                  + commitId
                  + " (snapshot summary "
                  + IcebergWrite.COMMIT_ID
                  + ")",
              failure);
        }
        interrupted |= pause(wait);
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private boolean landed() {
    return publication
        .reload()
        .get()
        .map(
            table -> {
              for (var snapshot : table.snapshots()) {
                if (commitId.equals(snapshot.summary().get(IcebergWrite.COMMIT_ID))) {
                  return true;
                }
              }
              return false;
            })
        .orElse(false);
  }

  // Failures before the pointer's swap: storage errors, refused values, a locked database.
  private static boolean isDefinite(RuntimeException failure) {
    return switch (failure) {
      case org.apache.iceberg.exceptions.CommitStateUnknownException ignored -> false;
      case org.apache.iceberg.jdbc.UncheckedSQLException sql ->
          String.valueOf(sql.getCause()).contains("SQLITE_BUSY");
      case org.apache.iceberg.jdbc.UncheckedInterruptedException ignored -> false;
      // The request may be under way still.
      case org.apache.iceberg.exceptions.RESTException rest ->
          !(rest.getCause() instanceof IOException);
      default -> true;
    };
  }

  private static boolean pause(long millis) {
    try {
      Thread.sleep(millis);
      return false;
    } catch (InterruptedException e) {
      return true;
    }
  }
}
