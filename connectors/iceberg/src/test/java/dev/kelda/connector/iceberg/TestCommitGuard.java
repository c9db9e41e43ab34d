package dev.kelda.connector.iceberg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.iceberg.CatalogProperties;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.SnapshotRef;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.exceptions.CommitFailedException;
import org.apache.iceberg.exceptions.CommitStateUnknownException;
import org.apache.iceberg.jdbc.JdbcCatalog;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestCommitGuard {
  private static final Duration LOOKUP = Duration.ofMillis(300);
  private static final TableIdentifier ID = TableIdentifier.of("main", "t");

  @TempDir Path home;
  private JdbcCatalog catalog;
  private Publication.Append append;

  @BeforeEach
  void open() {
    Locations locations =
        new Locations(
            "file://" + home, new dev.kelda.spi.connector.LocationPolicy(home, List.of()));
    catalog = new JdbcCatalog(io -> new LocalFileIO(locations, io), null, true);
    catalog.initialize(
        "lake",
        Map.of(
            CatalogProperties.URI, "jdbc:sqlite:" + home.resolve("c.db"),
            CatalogProperties.WAREHOUSE_LOCATION, "file://" + home));
    catalog.createNamespace(Namespace.of("main"), Map.of());
    Schema schema = new Schema(Types.NestedField.optional(1, "a", Types.LongType.get()));
    catalog.createTable(ID, schema);
    append =
        new Publication.Append(
            () -> Optional.of(catalog.loadTable(ID)),
            catalog.loadTable(ID).uuid(),
            SnapshotRef.MAIN_BRANCH,
            Map.of());
  }

  @AfterEach
  void close() {
    catalog.close();
  }

  /** Publishes for real, and fails before or after it. */
  private final class Failing implements Publication {
    private final RuntimeException failure;
    private final boolean lands;
    private final int failures;
    private final AtomicInteger attempts = new AtomicInteger();

    Failing(RuntimeException failure, boolean lands, int failures) {
      this.failure = failure;
      this.lands = lands;
      this.failures = failures;
    }

    @Override
    public void publish(List<DataFile> files, String commitId) {
      boolean fails = attempts.incrementAndGet() <= failures;
      if (!fails || lands) {
        append.publish(files, commitId);
      }
      if (fails) {
        throw failure;
      }
    }

    @Override
    public Reload reload() {
      return append.reload();
    }

    @Override
    public boolean repeatable() {
      return true;
    }
  }

  private void commit(Publication publication) {
    DataFile file =
        DataFiles.builder(PartitionSpec.unpartitioned())
            .withPath("file://" + home + "/x.parquet")
            .withFileSizeInBytes(10)
            .withRecordCount(7)
            .build();
    new CommitGuard("main.t", publication, "the-id", CommitQueue.Lane.FREE, LOOKUP)
        .commit(List.of(file));
  }

  private long snapshots() {
    Table table = catalog.loadTable(ID);
    long count = 0;
    for (var ignored : table.snapshots()) {
      count++;
    }
    return count;
  }

  @Test
  void lostAnswerOfACommitThatLandedIsASuccess() {
    commit(new Failing(new CommitStateUnknownException(new RuntimeException("cut")), true, 1));
    assertThat(snapshots()).isEqualTo(1);
    assertThat(catalog.loadTable(ID).currentSnapshot().summary())
        .containsEntry(IcebergWrite.COMMIT_ID, "the-id");
  }

  @Test
  void anyFailureAfterLandingIsASuccess() {
    assertThatCode(() -> commit(new Failing(new IllegalStateException("late"), true, 1)))
        .doesNotThrowAnyException();
    assertThat(snapshots()).isEqualTo(1);
  }

  @Test
  void lostAnswerOfACommitThatIsNowhereIsUnknown() {
    assertCode(
        new Failing(new CommitStateUnknownException(new RuntimeException("cut")), false, 1),
        ErrorCode.COMMIT_STATE_UNKNOWN);
    assertThat(snapshots()).isZero();
  }

  @Test
  void conflictsAreTriedAgain() {
    commit(new Failing(new CommitFailedException("other"), false, 3));
    assertThat(snapshots()).isEqualTo(1);
    assertCode(
        new Failing(new CommitFailedException("other"), false, 100), ErrorCode.COMMIT_CONFLICT);
    assertThat(snapshots()).isEqualTo(1);
  }

  @Test
  void filesOfAnotherTableAreNotAdded() {
    Schema schema = catalog.loadTable(ID).schema();
    catalog.dropTable(ID, false);
    catalog.createTable(ID, schema);
    assertCode(append, ErrorCode.COMMIT_CONFLICT);
    assertThat(snapshots()).isZero();
  }

  @Test
  void storageFailuresBeforeTheSwapAreFailures() {
    assertCode(
        new Failing(new UncheckedIOException(new java.io.IOException("disk full")), false, 1),
        ErrorCode.STORAGE_ERROR);
    assertThat(snapshots()).isZero();
  }

  private void assertCode(Publication publication, ErrorCode code) {
    assertThatThrownBy(() -> commit(publication))
        .isInstanceOfSatisfying(
            KeldaException.class, e -> assertThat(e.code()).as(e.getMessage()).isEqualTo(code));
  }
}
