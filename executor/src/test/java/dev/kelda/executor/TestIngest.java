package dev.kelda.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kelda.executor.IngestRequest.IfExists;
import dev.kelda.executor.IngestRequest.IfMissing;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.rows.Columns;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestIngest {
  private static final Columns<Integer> ROWS =
      Columns.of(Integer.class).number("id", Integer::longValue).text("name", i -> "n" + i);

  @TempDir private Path home;
  private EngineTester tester;

  @BeforeEach
  void open() {
    tester = new EngineTester(home);
  }

  @AfterEach
  void close() {
    assertThat(tester.engine.metrics().arrowBytes()).isZero();
    tester.close();
  }

  @Test
  void createAppendReplace() throws Exception {
    assertThat(ingest("t", IfMissing.CREATE, IfExists.FAIL, ROWS, 3)).isEqualTo(3);
    assertThat(ingest("T", IfMissing.FAIL, IfExists.APPEND, ROWS, 2)).isEqualTo(2);
    assertThat(tester.rows("SELECT count(*), max(name) FROM t")).containsExactly("5|n2");
    assertThat(ingest("t", IfMissing.CREATE, IfExists.REPLACE, ROWS, 1)).isEqualTo(1);
    assertThat(tester.rows("SELECT * FROM t")).containsExactly("0|n0");
  }

  @Test
  void modesThatFail() {
    assertFails(ErrorCode.TABLE_NOT_FOUND, IfMissing.FAIL, IfExists.APPEND);
    tester.update("CREATE TABLE t (id BIGINT)");
    assertFails(ErrorCode.TABLE_EXISTS, IfMissing.CREATE, IfExists.FAIL);
    assertFails(ErrorCode.COLUMN_NOT_FOUND, IfMissing.FAIL, IfExists.APPEND);
  }

  @Test
  void columnsMatchByNameAndMissingOnesAreNull() throws Exception {
    tester.update("CREATE TABLE t (extra INT, NAME VARCHAR, id INT)");
    assertThat(ingest("t", IfMissing.FAIL, IfExists.APPEND, ROWS, 2)).isEqualTo(2);
    assertThat(tester.rows("SELECT * FROM t ORDER BY id"))
        .containsExactly("null|n0|0", "null|n1|1");
  }

  @Test
  void foreignTypesBecomeCanonicalOnes() throws Exception {
    try (BufferAllocator client =
            tester.engine.allocator().newChildAllocator("client", 0, Long.MAX_VALUE);
        ArrowReader reader = new ForeignReader(client)) {
      IngestRequest request =
          new IngestRequest(
              Optional.empty(), Optional.empty(), "f", IfMissing.CREATE, IfExists.FAIL, Map.of());
      assertThat(tester.engine.ingest(tester.session, request, reader)).isEqualTo(2);
    }
    assertThat(tester.rows("DESCRIBE f"))
        .containsExactly(
            "wide|VARCHAR|YES|null",
            "small|INTEGER|YES|null",
            "at|TIMESTAMP WITH LOCAL TIME ZONE|YES|null");
    assertThat(tester.rows("SELECT wide, small, EXTRACT(YEAR FROM at) FROM f ORDER BY 1"))
        .containsExactly("a|65535|1970", "b|1|1970");
  }

  private void assertFails(ErrorCode code, IfMissing ifMissing, IfExists ifExists) {
    assertThatThrownBy(() -> ingest("t", ifMissing, ifExists, ROWS, 1))
        .isInstanceOfSatisfying(KeldaException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  private long ingest(
      String table, IfMissing ifMissing, IfExists ifExists, Columns<Integer> columns, int rows)
      throws Exception {
    List<Integer> numbers = java.util.stream.IntStream.range(0, rows).boxed().toList();
    IngestRequest request =
        new IngestRequest(Optional.empty(), Optional.empty(), table, ifMissing, ifExists, Map.of());
    try (BufferAllocator client =
            tester.engine.allocator().newChildAllocator("client", 0, Long.MAX_VALUE);
        ArrowReader reader = columns.reader(client, numbers)) {
      return tester.engine.ingest(tester.session, request, reader);
    }
  }
}
