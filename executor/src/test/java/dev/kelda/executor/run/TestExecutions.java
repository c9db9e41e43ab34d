package dev.kelda.executor.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kelda.executor.QueryInfo;
import dev.kelda.executor.QueryInfo.State;
import dev.kelda.executor.QueryResult;
import dev.kelda.executor.Session;
import dev.kelda.executor.Sessions;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.rows.Columns;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TestExecutions {
  private static final Columns<String> NAMES = Columns.of(String.class).text("name", name -> name);

  private final RootAllocator root = new RootAllocator();
  private final Executions executions = new Executions(root, 1, 1, 2);
  private final Session session = Sessions.open();

  @AfterEach
  void close() {
    executions.close();
    assertThat(root.getAllocatedMemory()).isZero();
    root.close();
  }

  @Test
  void aResultEndsItsExecutionWhenItIsClosed() throws Exception {
    try (QueryResult result = executions.run(session, "x", TestExecutions::twoRows)) {
      assertThat(states()).containsExactly(State.RUNNING);
      assertThat(result.reader().loadNextBatch()).isTrue();
      assertThat(result.reader().loadNextBatch()).isFalse();
    }
    QueryInfo info = executions.queries().getFirst();
    assertThat(info.state()).isEqualTo(State.FINISHED);
    assertThat(info.rows()).isEqualTo(2);
    assertThat(info.bytes()).isPositive();
  }

  @Test
  void anUpdateHasEndedWhenItReturns() {
    QueryResult result = executions.run(session, "x", e -> new Outcome.Updated(7));
    assertThat(result.updateCount()).isEqualTo(7);
    assertThat(states()).containsExactly(State.FINISHED);
  }

  @Test
  void aFailureIsRememberedAndTheHistoryIsBounded() {
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(
              () ->
                  executions.run(
                      session,
                      "x",
                      e -> {
                        throw new IllegalStateException("boom");
                      }))
          .isInstanceOfSatisfying(
              KeldaException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INTERNAL_ERROR));
    }
    assertThat(states()).containsExactly(State.FAILED, State.FAILED);
    assertThat(executions.queries().getFirst().error().orElseThrow()).startsWith("INTERNAL_ERROR");
  }

  @Test
  void aStackOverflowIsAComplexStatement() {
    assertThatThrownBy(
            () ->
                executions.run(
                    session,
                    "x",
                    e -> {
                      throw new StackOverflowError();
                    }))
        .isInstanceOfSatisfying(
            KeldaException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.STATEMENT_TOO_COMPLEX));
  }

  @Test
  void aCancelledResultFailsItsReader() {
    try (QueryResult result = executions.run(session, "x", TestExecutions::twoRows)) {
      assertThat(executions.cancel(result.queryId())).isTrue();
      assertThatThrownBy(() -> result.reader().loadNextBatch())
          .isInstanceOfSatisfying(
              KeldaException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CANCELLED));
    }
    assertThat(states()).containsExactly(State.CANCELLED);
    assertThat(executions.cancel("no such query")).isFalse();
  }

  @Test
  void theTimeoutStopsTheWork() {
    session.set("statement_timeout", "20ms");
    assertThatThrownBy(
            () ->
                executions.run(
                    session,
                    "x",
                    execution -> {
                      CountDownLatch stopped = new CountDownLatch(1);
                      execution.onCancel(stopped::countDown);
                      await(stopped);
                      execution.checkpoint();
                      return Outcome.DONE;
                    }))
        .isInstanceOfSatisfying(
            KeldaException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TIMEOUT))
        .hasMessageContaining("20 ms");
    assertThat(states()).containsExactly(State.FAILED);
  }

  @Test
  void oneRunsOneWaitsTheThirdIsRefused() throws Exception {
    AtomicReference<QueryResult> second = new AtomicReference<>();
    Thread waiting;
    try (QueryResult first = executions.run(session, "first", TestExecutions::twoRows)) {
      waiting =
          Thread.ofPlatform()
              .start(() -> second.set(executions.run(session, "second", TestExecutions::twoRows)));
      while (executions.counts().queued() == 0) {
        Thread.sleep(1);
      }
      assertThatThrownBy(() -> executions.run(session, "third", TestExecutions::twoRows))
          .isInstanceOfSatisfying(
              KeldaException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.TOO_MANY_REQUESTS));
      assertThat(first.isUpdate()).isFalse();
    }
    waiting.join();
    second.get().close();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Outcome twoRows(Execution execution) {
    execution.running();
    return new Outcome.Rows(NAMES.reader(execution.allocator(), List.of("a", "b")));
  }

  private List<State> states() {
    return executions.queries().stream().map(QueryInfo::state).toList();
  }
}
