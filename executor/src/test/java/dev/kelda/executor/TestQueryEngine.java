package dev.kelda.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
@TestInstance(Lifecycle.PER_CLASS)
class TestQueryEngine {
  private Path home;
  private EngineTester tester;

  @BeforeAll
  void open(@TempDir Path folder) {
    home = folder;
    tester =
        new EngineTester(
            EngineTester.config(home)
                .withCatalog(
                    "dead",
                    new EngineConfig.CatalogConfig("memory", java.util.Map.of("dead", "true"))));
  }

  @AfterAll
  void close() throws Exception {
    assertThat(tester.engine.metrics().arrowBytes()).isZero();
    assertThat(tester.engine.metrics().memoryReservedBytes()).isZero();
    tester.close();
    try (Stream<Path> left = Files.list(home.resolve("tmp"))) {
      assertThat(left).isEmpty();
    }
    assertThat(Thread.getAllStackTraces().keySet().stream().map(Thread::getName))
        .noneMatch(name -> name.startsWith("kelda-"));
  }

  @Test
  void constants() {
    assertThat(tester.rows("SELECT 1")).containsExactly("1");
    assertThat(tester.rows("SELECT 1 + 1 AS x, 'a' || 'b', NULL")).containsExactly("2|ab|null");
  }

  @Test
  void tablesAreCreatedFilledReadAndDropped() {
    tester.update("CREATE SCHEMA crud");
    tester.update("CREATE TABLE crud.t (id BIGINT NOT NULL, name VARCHAR, price DECIMAL(10, 2))");
    assertThat(tester.update("INSERT INTO crud.t VALUES (1, 'a', 1.5), (2, 'b', 2)")).isEqualTo(2);
    assertThat(tester.update("INSERT INTO crud.t (id) SELECT id + 2 FROM crud.t")).isEqualTo(2);
    assertThat(tester.rows("SELECT * FROM crud.t ORDER BY id"))
        .containsExactly("1|a|1.50", "2|b|2.00", "3|null|null", "4|null|null");
    assertThat(tester.update("CREATE TABLE crud.copy AS SELECT id, name FROM crud.t")).isEqualTo(4);
    assertThat(tester.rows("SELECT count(*), sum(id) FROM crud.copy")).containsExactly("4|10");
    assertFails(
        ErrorCode.TABLE_EXISTS, "crud.copy", () -> tester.update("CREATE TABLE crud.copy (x INT)"));
    assertThat(tester.update("CREATE TABLE IF NOT EXISTS crud.copy AS SELECT 1 AS x")).isZero();
    assertThat(tester.update("CREATE OR REPLACE TABLE crud.copy AS SELECT 1 AS x")).isEqualTo(1);
    assertThat(tester.rows("SELECT * FROM crud.copy")).containsExactly("1");
    assertFails(ErrorCode.SCHEMA_NOT_EMPTY, "crud", () -> tester.update("DROP SCHEMA crud"));
    tester.update("DROP TABLE crud.copy");
    tester.update("DROP TABLE IF EXISTS crud.copy");
    assertFails(ErrorCode.TABLE_NOT_FOUND, "copy", () -> tester.update("DROP TABLE crud.copy"));
    tester.update("DROP SCHEMA crud CASCADE");
    tester.update("DROP SCHEMA IF EXISTS crud");
  }

  @Test
  void notNullIsKept() {
    tester.update("CREATE TABLE needed (id BIGINT NOT NULL, name VARCHAR)");
    assertFails(
        ErrorCode.INVALID_ARGUMENT,
        "id",
        () -> tester.update("INSERT INTO needed VALUES (CAST(NULL AS BIGINT), 'a')"));
    assertFails(
        ErrorCode.INVALID_STATEMENT,
        "id",
        () -> tester.update("INSERT INTO needed (name) VALUES ('a')"));
    assertThat(tester.rows("SELECT count(*) FROM needed")).containsExactly("0");
    tester.update("DROP TABLE needed");
  }

  @Test
  void aPlanIsKeptUntilItsTableChanges() {
    tester.update("CREATE TABLE kept AS SELECT 1 AS x");
    tester.rows("SELECT * FROM kept");
    long hits = tester.engine.metrics().planCacheHits();
    tester.rows("SELECT * FROM kept");
    assertThat(tester.engine.metrics().planCacheHits()).isEqualTo(hits + 1);
    tester.update("INSERT INTO kept VALUES (2)");
    assertThat(tester.rows("SELECT * FROM kept ORDER BY x")).containsExactly("1", "2");
    assertThat(tester.engine.metrics().planCacheHits()).isEqualTo(hits + 1);
    tester.update("DROP TABLE kept");
  }

  @Test
  void parametersAreTypedAndChecked() {
    Prepared prepared =
        tester.engine.prepare(tester.session, "SELECT CAST(? AS INTEGER) + 1, CAST(? AS VARCHAR)");
    assertThat(prepared.kind()).isEqualTo(Prepared.Kind.QUERY);
    assertThat(prepared.parameterSchema().getFields()).hasSize(2);
    assertThat(tester.rows(prepared, integer(41), text("x"))).containsExactly("42|x");
    assertFails(
        ErrorCode.WRONG_PARAMETERS, "2 parameters", () -> tester.rows(prepared, integer(1)));
    assertFails(
        ErrorCode.INVALID_CAST, "seven", () -> tester.rows(prepared, text("seven"), text("x")));
    assertFails(
        ErrorCode.WRONG_PARAMETERS, "1 parameters", () -> tester.rows("SELECT CAST(? AS INTEGER)"));
  }

  @Test
  void parametersInConditionsAndInserts() {
    tester.update("CREATE TABLE bound (id BIGINT, name VARCHAR)");
    Prepared insert = tester.engine.prepare(tester.session, "INSERT INTO bound VALUES (?, ?)");
    assertThat(insert.kind()).isEqualTo(Prepared.Kind.UPDATE);
    for (int i = 0; i < 3; i++) {
      try (QueryResult result =
          tester.engine.execute(tester.session, insert, List.of(integer(i), text("n" + i)))) {
        assertThat(result.updateCount()).isEqualTo(1);
      }
    }
    Prepared select =
        tester.engine.prepare(tester.session, "SELECT name FROM bound WHERE id = ? ORDER BY 1");
    assertThat(tester.rows(select, integer(1))).containsExactly("n1");
    assertThat(tester.rows(select, integer(2))).containsExactly("n2");
    tester.update("DROP TABLE bound");
  }

  @Test
  void showAndDescribe() {
    tester.update("CREATE TABLE shown (id BIGINT NOT NULL, at TIMESTAMP)");
    assertThat(tester.rows("SHOW CATALOGS")).contains("lake", "system", "dead");
    assertThat(tester.rows("SHOW SCHEMAS")).contains("main");
    assertThat(tester.rows("SHOW TABLES LIKE 'SHOW%'")).containsExactly("shown|BASE TABLE");
    assertThat(tester.rows("SHOW TABLES FROM system")).contains("queries|SYSTEM TABLE");
    assertThat(tester.rows("DESCRIBE shown"))
        .containsExactly("id|BIGINT|NO|null", "at|TIMESTAMP|YES|null");
    assertThat(tester.rows("SHOW COLUMNS FROM shown")).hasSize(2);
    assertThat(tester.rows("SHOW FUNCTIONS LIKE 'abs'")).isNotEmpty();
    assertThat(tester.rows("SHOW SETTINGS LIKE 'batch%'")).hasSize(1);
    assertThat(
            tester.rows(
                "SELECT column_name FROM information_schema.columns "
                    + "WHERE table_name = 'shown' ORDER BY ordinal_position"))
        .containsExactly("id", "at");
    assertThat(
            tester.rows(
                "SELECT table_catalog FROM lake.information_schema.tables "
                    + "WHERE table_name = 'queries'"))
        .containsExactly("system");
    tester.update("DROP TABLE shown");
  }

  @Test
  void systemTablesShowTheEngine() {
    assertThat(
            tester.rows(
                "SELECT state FROM system.queries WHERE sql LIKE 'SELECT state FROM system%'"))
        .containsExactly("RUNNING");
    assertThat(tester.rows("SELECT \"user\" FROM system.sessions")).contains("tester");
    assertThat(tester.rows("SELECT count(*) FROM system.functions WHERE name = 'ABS'"))
        .containsExactly("1");
    tester.update("SET batch_rows = 77");
    assertThat(tester.rows("SELECT \"value\" FROM system.settings WHERE name = 'batch_rows'"))
        .containsExactly("77");
    assertThat(tester.rows("SHOW batch_rows")).containsExactly("77");
    tester.update("RESET batch_rows");
    assertFails(
        ErrorCode.SETTING_NOT_FOUND, "batch_rows", () -> tester.update("SET batch_row = 1"));
  }

  @Test
  void useChangesWhereNamesAreFound() {
    try (Session session = tester.engine.openSession("other")) {
      tester.engine.run(session, "USE system").close();
      assertThat(session.catalog()).isEqualTo("system");
      try (QueryResult result = tester.engine.run(session, "SELECT count(*) FROM queries")) {
        assertThat(EngineTester.rows(result)).hasSize(1);
      }
      assertFails(
          ErrorCode.SCHEMA_NOT_FOUND,
          "nowhere",
          () -> tester.engine.run(session, "USE nowhere").close());
    }
  }

  @Test
  void explainShowsBothHalves() {
    String plan = String.join("\n", tester.rows("EXPLAIN SELECT 1 + 1"));
    assertThat(plan).contains("Calcite").contains("DataFusion");
    String analyzed =
        String.join("\n", tester.rows("EXPLAIN ANALYZE SELECT count(*) FROM system.functions"));
    assertThat(analyzed).contains("rows=").contains("Total: 1 rows");
    assertThat(tester.rows("EXPLAIN (FORMAT json) SELECT 1").getFirst()).startsWith("{\"logical\"");
  }

  @Test
  void errorsNameTheFaultAndItsPlace() {
    assertFails(ErrorCode.TABLE_NOT_FOUND, "nosuch", () -> tester.rows("SELECT * FROM nosuch"));
    assertFails(ErrorCode.SYNTAX_ERROR, "", () -> tester.rows("SELEC 1"));
    assertFails(
        ErrorCode.DIVISION_BY_ZERO,
        "zero",
        () -> tester.rows("SELECT 1 / (count(*) - 1) FROM (VALUES (1)) AS v"));
    assertFails(
        ErrorCode.CATALOG_NOT_FOUND, "nosuch", () -> tester.update("CREATE SCHEMA nosuch.x"));
    assertFails(
        ErrorCode.NOT_SUPPORTED,
        "read-only",
        () -> tester.update("CREATE TABLE system.main.t (x INT)"));
    assertFails(ErrorCode.QUERY_NOT_FOUND, "'q'", () -> tester.update("CANCEL QUERY 'q'"));
  }

  @Test
  void aLongQueryIsCancelled() throws Exception {
    CompletableFuture<Throwable> failure = new CompletableFuture<>();
    Thread.ofPlatform()
        .start(
            () -> {
              try {
                tester.rows(HEAVY);
                failure.complete(new AssertionError("not cancelled"));
              } catch (Throwable e) {
                failure.complete(e);
              }
            });
    QueryInfo running = running(HEAVY);
    assertThat(tester.engine.cancel(running.id())).isTrue();
    assertThat(failure.get())
        .isInstanceOfSatisfying(
            KeldaException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CANCELLED));
  }

  @Test
  void aLongQueryTimesOut() {
    try (Session session = tester.engine.openSession("slow")) {
      session.set("statement_timeout", "100ms");
      assertFails(
          ErrorCode.TIMEOUT,
          "100 ms",
          () -> {
            try (QueryResult result = tester.engine.run(session, HEAVY)) {
              EngineTester.rows(result);
            }
          });
    }
  }

  @Test
  void closingAResultEarlyStopsTheQuery() {
    try (QueryResult result = tester.engine.run(tester.session, HEAVY)) {
      assertThat(result.schema().getFields()).hasSize(1);
    }
    assertThat(tester.engine.queries()).noneMatch(q -> q.state() == QueryInfo.State.RUNNING);
  }

  @Test
  void aHeavyJoinLeavesRoomForOthers() {
    try (QueryResult heavy = tester.engine.run(tester.session, HEAVY);
        Session other = tester.engine.openSession("other")) {
      for (int i = 0; i < 10; i++) {
        try (QueryResult light = tester.engine.run(other, LIGHT)) {
          assertThat(EngineTester.rows(light)).hasSize(1);
        }
      }
      assertThat(tester.engine.queries())
          .filteredOn(q -> q.state() == QueryInfo.State.RUNNING)
          .extracting(QueryInfo::sql)
          .containsExactly(HEAVY);
    }
  }

  @Test
  void hugeStatementsAreAnsweredOrRefused() {
    answersOrRefuses(terms(" + ", 10_000, "1"));
    answersOrRefuses(terms(" OR ", 10_000, "1 = 2"));
    answersOrRefuses("SELECT " + "(".repeat(1000) + "1" + ")".repeat(1000));
    answersOrRefuses("SELECT " + "abs(".repeat(1000) + "1" + ")".repeat(1000));
    answersOrRefuses(
        "SELECT * FROM " + "(SELECT * FROM ".repeat(1000) + "(VALUES (1)) v" + ") v".repeat(1000));
    answersOrRefuses("SELECT '" + "x".repeat(1_000_000) + "'");
    answersOrRefuses("SELECT '" + "x".repeat(2_000_000) + "'");
    answersOrRefuses(
        "SELECT 1 WHERE 1 IN ("
            + IntStream.range(0, 50_000).mapToObj(String::valueOf).collect(Collectors.joining(","))
            + ")");
    assertThat(tester.rows("SELECT 1")).containsExactly("1");
  }

  private static final String HEAVY =
      "SELECT count(*) FROM system.functions a, system.functions b, system.functions c, "
          + "system.functions d, system.functions e WHERE a.name < b.name AND c.name > d.name";

  private static final String LIGHT =
      "SELECT count(*) FROM system.functions WHERE length(name) > 3";

  private QueryInfo running(String sql) throws InterruptedException {
    while (true) {
      for (QueryInfo query : tester.engine.queries()) {
        if (query.sql().equals(sql) && query.state() == QueryInfo.State.RUNNING) {
          return query;
        }
      }
      Thread.sleep(5);
    }
  }

  private void answersOrRefuses(String sql) {
    try {
      tester.rows(sql);
    } catch (KeldaException e) {
      assertThat(e.code()).isIn(ErrorCode.STATEMENT_TOO_COMPLEX, ErrorCode.NUMBER_OUT_OF_RANGE);
    }
  }

  private static String terms(String operator, int count, String term) {
    return "SELECT " + String.join(operator, java.util.Collections.nCopies(count, term));
  }

  private static void assertFails(ErrorCode code, String part, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(KeldaException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContaining(part);
  }

  private static Scalar integer(long value) {
    return Scalar.of(CanonicalTypes.INT64, value);
  }

  private static Scalar text(String value) {
    return Scalar.of(CanonicalTypes.UTF8, value);
  }
}
