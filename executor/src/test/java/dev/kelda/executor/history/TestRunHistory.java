package dev.kelda.executor.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kelda.executor.metastore.JdbcMetastore;
import dev.kelda.executor.metastore.MetastoreConfig;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.run.Runs;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

final class TestRunHistory {
  private static final Runs.Subject SUBJECT =
      new Runs.Subject("build", "lake.main.t", "ada", Optional.of("q-1"));

  @TempDir Path home;
  private JdbcMetastore metastore;
  private RunHistory history;

  @BeforeEach
  void open() {
    metastore = new JdbcMetastore(MetastoreConfig.EMBEDDED, home);
    history = new RunHistory(metastore);
  }

  @AfterEach
  void close() {
    history.close();
    metastore.close();
  }

  @Test
  void keepsHowARunEnded() {
    assertThat(
            history.<Integer>record(
                SUBJECT,
                progress -> {
                  progress.of(10, "files");
                  progress.add(3);
                  progress.add(4);
                  progress.detail("the last ones");
                  return 7;
                }))
        .isEqualTo(7);
    reopen();
    RunInfo run = history.runs().getFirst();
    assertThat(run.subject()).isEqualTo(SUBJECT);
    assertThat(run.state()).isEqualTo(RunInfo.State.FINISHED);
    assertThat(run.done()).isEqualTo(7);
    assertThat(run.total()).isEqualTo(OptionalLong.of(10));
    assertThat(run.unit()).isEqualTo("files");
    assertThat(run.detail()).contains("the last ones");
    assertThat(run.ended()).get().matches(end -> !end.isBefore(run.started()));
    assertThat(run.error()).isEmpty();
  }

  @Test
  void keepsWhyARunFailed() {
    fail(new KeldaException(ErrorCode.DISK_FULL, "no space"));
    fail(new KeldaException(ErrorCode.CANCELLED, "stopped"));
    assertThat(history.runs())
        .extracting(RunInfo::state)
        .containsExactlyInAnyOrder(RunInfo.State.FAILED, RunInfo.State.CANCELLED);
    assertThat(history.runs())
        .extracting(run -> run.error().orElse(""))
        .containsExactlyInAnyOrder("DISK_FULL: no space", "CANCELLED: stopped");
  }

  @Test
  @Timeout(30)
  void showsProgressToOthersWhileItRuns() {
    try (RunHistory other = new RunHistory(metastore)) {
      history.record(
          SUBJECT,
          progress -> {
            assertThat(other.runs().getFirst().state()).isEqualTo(RunInfo.State.RUNNING);
            progress.add(5);
            while (other.runs().getFirst().done() == 0) {
              Thread.onSpinWait();
            }
            assertThat(other.runs().getFirst().done()).isEqualTo(5);
            assertThat(other.runs().getFirst().ended()).isEmpty();
            return true;
          });
    }
  }

  @Test
  void callsARunLostWhoseServerIsSilent() {
    history.record(
        SUBJECT,
        progress -> {
          shift("seen_at", Duration.ofMinutes(2));
          assertThat(history.runs().getFirst().state()).isEqualTo(RunInfo.State.LOST);
          return true;
        });
    assertThat(history.runs().getFirst().state()).isEqualTo(RunInfo.State.FINISHED);
  }

  @Test
  void forgetsOldRuns() {
    history.record(SUBJECT, progress -> true);
    shift("started_at", Duration.ofDays(31));
    history.record(SUBJECT, progress -> true);
    assertThat(history.runs()).hasSize(1);
  }

  private void fail(KeldaException failure) {
    assertThatThrownBy(
            () ->
                history.record(
                    SUBJECT,
                    progress -> {
                      throw failure;
                    }))
        .isSameAs(failure);
  }

  private void shift(String column, Duration back) {
    metastore.transaction(
        connection -> {
          try (var statement = connection.createStatement()) {
            return statement.executeUpdate(
                "UPDATE engine_runs SET %s = %s - %d"
                    .formatted(column, column, back.toNanos() / 1000));
          }
        });
  }

  private void reopen() {
    close();
    open();
  }
}
