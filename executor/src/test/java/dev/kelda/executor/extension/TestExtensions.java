package dev.kelda.executor.extension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kelda.executor.EngineTester;
import dev.kelda.executor.Prepared;
import dev.kelda.executor.QueryInfo;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a module contributes, through the engine. */
@Timeout(60)
class TestExtensions {
  @TempDir Path home;
  private EngineTester tester;

  @BeforeEach
  void open() {
    tester = new EngineTester(home);
    tester.update("CREATE MODEL double WITH ('path' = '2')");
  }

  @AfterEach
  void close() {
    assertThat(tester.engine.metrics().arrowBytes()).isZero();
    tester.close();
  }

  @Test
  void statementsChangeTheMetastoreAndGiveRows() {
    assertThat(tester.update("CREATE MODEL triple WITH ('path' = '3')")).isEqualTo(2);
    assertThat(tester.rows("SHOW MODELS")).containsExactly("double|1", "triple|1");
    assertThat(tester.update("DROP MODEL triple")).isEqualTo(1);
    assertThat(tester.rows("SHOW MODELS")).containsExactly("double|1");
  }

  @Test
  void theMetastoreOutlivesTheEngine() {
    tester.close();
    tester = new EngineTester(home);
    assertThat(tester.rows("SHOW MODELS")).containsExactly("double|1");
  }

  @Test
  void explainTellsWhatAStatementWouldDo() {
    assertThat(tester.rows("EXPLAIN CREATE MODEL other")).containsExactly("Create model other");
    assertThat(tester.rows("EXPLAIN ANALYZE DROP MODEL double").getLast())
        .startsWith("Total: 1 rows");
    assertThat(tester.rows("SHOW MODELS")).isEmpty();
  }

  @Test
  void aStatementMayBecomeAQuery() {
    assertThat(tester.rows("DESCRIBE MODEL \"41\"")).containsExactly("42");
    assertFails(ErrorCode.COLUMN_NOT_FOUND, "nothing", () -> tester.rows("DESCRIBE MODEL nothing"));
  }

  @Test
  void statementsAreCancelled() throws Exception {
    tester.update("CREATE MODEL endless");
    CompletableFuture<Long> running =
        CompletableFuture.supplyAsync(() -> tester.update("DROP MODEL endless"));
    String id = "";
    while (id.isEmpty()) {
      id =
          tester.engine.queries().stream()
              .filter(q -> q.state() == QueryInfo.State.RUNNING && q.sql().startsWith("DROP"))
              .map(QueryInfo::id)
              .findFirst()
              .orElse("");
    }
    assertThat(tester.engine.cancel(id)).isTrue();
    assertThatThrownBy(running::join).hasMessageContaining("was cancelled");
  }

  @Test
  void aFunctionsTypeDependsOnItsModel() {
    tester.update("CREATE MODEL words WITH ('path' = 'text')");
    assertThat(tester.rows("SELECT SCALE('double', 21), notes.scale('double', NULL)"))
        .containsExactly("42.0|null");
    assertThat(tester.rows("SELECT SCALE('words', 1) || '!'")).containsExactly("1.0tester!");
    assertThat(tester.rows("SELECT SCALE('double', x) FROM (VALUES 1, 2) AS t (x) WHERE x > 1"))
        .containsExactly("4.0");
    assertFails(
        ErrorCode.FILE_NOT_FOUND, "no model nix", () -> tester.rows("SELECT SCALE('nix', 1)"));
    assertFails(ErrorCode.TYPE_MISMATCH, "SCALE", () -> tester.rows("SELECT SCALE('double')"));
  }

  @Test
  void aFunctionIsEvaluatedOncePerRowAfterFilters() {
    long before = ScaleFunction.EVALUATED.get();
    assertThat(
            tester.rows(
                "SELECT s, s + 1, s * 2 FROM (SELECT x, SCALE('double', x) AS s"
                    + " FROM (VALUES 1, 2, 3, 4) AS t (x)) AS u WHERE x > 2 ORDER BY s"))
        .containsExactly("6.0|7.0|12.0", "8.0|9.0|16.0");
    assertThat(ScaleFunction.EVALUATED.get() - before).isEqualTo(2);
  }

  @Test
  void plansAreMadeAnewWhenTheModelChanges() {
    Prepared prepared = tester.engine.prepare(tester.session, "SELECT SCALE('double', ?)");
    assertThat(prepared.parameterSchema().getFields().getFirst().getType())
        .isEqualTo(CanonicalTypes.FLOAT64);
    Scalar one = Scalar.of(CanonicalTypes.FLOAT64, 1.0);
    assertThat(tester.rows(prepared, one)).containsExactly("2.0");
    tester.update("CREATE MODEL double WITH ('path' = '5')");
    assertThat(tester.rows(prepared, one)).containsExactly("5.0");
    assertThat(tester.rows("SELECT SCALE('double', 2)")).containsExactly("10.0");
  }

  @Test
  void aTableFunctionTakesTablesQueriesModelsAndColumns() {
    tester.update("CREATE TABLE t AS SELECT * FROM (VALUES (1, 10), (2, 20)) AS v (a, b)");
    assertThat(
            tester.rows("SELECT * FROM SCALED(TABLE t, MODEL double, DESCRIPTOR(a, b)) ORDER BY a"))
        .containsExactly("1|10|2.0|20.0", "2|20|4.0|40.0");
    assertThat(
            tester.rows(
                "WITH w AS (SELECT a FROM t WHERE a > 1)"
                    + " SELECT scaled_a FROM SCALED(model => 'double', input => w,"
                    + " columns => DESCRIPTOR(a))"))
        .containsExactly("4.0");
    assertThat(
            tester.rows(
                "SELECT s.scaled_x FROM TABLE(SCALED((SELECT max(b) AS x FROM t), MODEL double,"
                    + " DESCRIPTOR(x))) AS s"))
        .containsExactly("40.0");
    assertThat(
            tester.rows(
                "SELECT t.a, s.more FROM t, LATERAL SCALED((SELECT 1 AS x), MODEL double,"
                    + " DESCRIPTOR(x), t.a + 1) AS s ORDER BY 1"))
        .containsExactly("1|2", "2|3");
    assertFails(
        ErrorCode.COLUMN_NOT_FOUND,
        "no column c",
        () -> tester.rows("SELECT * FROM SCALED(TABLE t, MODEL double, DESCRIPTOR(c))"));
    tester.update("DROP TABLE t");
  }

  @Test
  void modelIsANameElsewhere() {
    assertThat(tester.rows("SELECT model, output input FROM (SELECT 1 model, 2 output) AS m"))
        .containsExactly("1|2");
  }

  @Test
  void functionsAreListed() {
    assertThat(tester.rows("SHOW FUNCTIONS LIKE 'SCALE%'")).hasSize(2);
    assertThat(tester.engine.moduleMetrics()).hasSize(1);
  }

  private static void assertFails(ErrorCode code, String part, ThrowingCallable work) {
    assertThatThrownBy(work)
        .isInstanceOfSatisfying(
            KeldaException.class,
            e -> {
              assertThat(e.code()).isEqualTo(code);
              assertThat(e.describe()).contains(part);
            });
  }
}
