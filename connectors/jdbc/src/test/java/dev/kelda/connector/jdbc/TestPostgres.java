package dev.kelda.connector.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Connector;
import dev.kelda.spi.connector.Operand;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Predicate.Operator;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableListing;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.testing.PostgresServer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Field;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TestPostgres {
  private static PostgresServer server;
  private static Connector connector;

  @BeforeAll
  static void open() {
    server = PostgresServer.start();
    server.execute(
        "CREATE TYPE mood AS ENUM ('sad', 'ok')",
        "CREATE DOMAIN small AS int4 CHECK (VALUE < 1000)",
        "CREATE SCHEMA \"we\"\"ird\"",
        "CREATE TABLE \"we\"\"ird\".\"t_%\" (\"a\"\"b\" int)",
        "INSERT INTO \"we\"\"ird\".\"t_%\" VALUES (7)",
        "CREATE TABLE types (b bool, i2 int2, i4 int4 NOT NULL, i8 int8, f4 float4, f8 float8,"
            + " n numeric(12, 3), n0 numeric, t text, v varchar(10), c char(5), d date,"
            + " tm time, ts timestamp, tz timestamptz, by bytea, u uuid, j jsonb, m mood,"
            + " dom small, arr int[], iv interval)",
        "COMMENT ON COLUMN types.i4 IS 'the key'",
        "INSERT INTO types VALUES (true, -2, 1, 9223372036854775807, 1.5, 'NaN', 123.456,"
            + " 1.0000000005, 'äöü', 'v', 'ab', '2024-02-29', '23:59:59.999999',"
            + " '1969-12-31 23:59:59.000001', '2024-03-10 12:00:00+05', '\\x0102',"
            + " '00000000-0000-0000-0000-000000000001', '{\"a\": 1}', 'ok', 12, '{1,2}', '1 day')",
        "INSERT INTO types (i4) VALUES (2)",
        "CREATE TABLE numbers AS SELECT n AS id, 'name ' || n AS name, n % 3 = 0 AS third,"
            + " CASE WHEN n % 10 <> 0 THEN n / 2.0::float8 END AS half,"
            + " DATE '2024-01-01' + n AS day FROM generate_series(1, 20000) n",
        "ANALYZE numbers",
        "CREATE TABLE words (w text)",
        "INSERT INTO words VALUES ('a'), ('B'), ('b'), ('A'), ('ä'), (NULL)",
        "CREATE VIEW slow AS SELECT n, pg_sleep(0.01)::text AS nap FROM generate_series(1, 10000) n");
    connector = Remote.connect(Path.of("/"), Map.of("url", server.url(), "user", "postgres"));
  }

  @AfterAll
  static void close() {
    connector.close();
    server.close();
  }

  private static Table table(String name) {
    return connector.table("public", name).orElseThrow();
  }

  @Test
  void listsSchemasAndTables() {
    assertThat(connector.schemas()).containsExactly("public", "we\"ird");
    assertThat(connector.tables("public")).extracting(TableListing::name).contains("types", "slow");
    assertThat(connector.tables("nowhere")).isEmpty();
    assertThat(connector.table("public", "type_")).isEmpty();
  }

  @Test
  void typesAreCanonical() {
    Table table = table("types");
    assertThat(table.schema().getFields())
        .extracting(Field::getType)
        .containsExactly(
            CanonicalTypes.BOOL,
            CanonicalTypes.INT16,
            CanonicalTypes.INT32,
            CanonicalTypes.INT64,
            CanonicalTypes.FLOAT32,
            CanonicalTypes.FLOAT64,
            CanonicalTypes.decimal(12, 3),
            CanonicalTypes.decimal(38, 9),
            CanonicalTypes.UTF8,
            CanonicalTypes.UTF8,
            CanonicalTypes.UTF8,
            CanonicalTypes.DATE32,
            CanonicalTypes.TIME64,
            CanonicalTypes.TIMESTAMP,
            CanonicalTypes.TIMESTAMP_TZ,
            CanonicalTypes.BINARY,
            CanonicalTypes.UTF8,
            CanonicalTypes.UTF8,
            CanonicalTypes.UTF8,
            CanonicalTypes.INT32,
            CanonicalTypes.UTF8,
            CanonicalTypes.UTF8);
    assertThat(table.schema().findField("i4").isNullable()).isFalse();
    assertThat(table.schema().findField("i4").getMetadata()).containsEntry("comment", "the key");
    List<List<String>> rows = Remote.rows(table);
    assertThat(rows.getFirst())
        .startsWith("true", "-2", "1", "9223372036854775807", "1.5", "NaN", "123.456")
        .containsSequence("1.000000001", "äöü", "v", "ab", "19782", "86399999999")
        .containsSequence("1969-12-31T23:59:59.000001", "1710054000000000")
        .endsWith(
            "00000000-0000-0000-0000-000000000001", "{\"a\": 1}", "ok", "12", "{1,2}", "1 day");
    assertThat(rows.get(1)).containsOnly("null", "2");
  }

  @Test
  void oddNamesAreQuoted() {
    Table table = connector.table("we\"ird", "t_%").orElseThrow();
    assertThat(Remote.rows(table)).containsExactly(List.of("7"));
    assertThat(connector.table("we\"ird", "t_x")).isEmpty();
  }

  @Test
  void conditionsRunRemotely() {
    Table table = table("numbers");
    Predicate range =
        new Predicate.And(
            List.of(
                compare(0, Operator.GREATER, Scalar.of(CanonicalTypes.INT32, 10L)),
                new Predicate.Not(
                    compare(0, Operator.GREATER, Scalar.of(CanonicalTypes.INT32, 12L)))));
    assertThat(table.appliedExactly(List.of(range))).containsExactly(range);
    assertThat(((Scan.Java) table.scan(List.of(range))).description())
        .isEqualTo(
            "SELECT … FROM \"public\".\"numbers\" WHERE"
                + " ((\"id\" > ?) AND (NOT (\"id\" > ?)))");
    assertThat(Remote.rows(table, List.of(1), OptionalLong.empty(), range))
        .containsExactly(List.of("name 11"), List.of("name 12"));
    assertThat(
            Remote.rows(
                table, compare(4, Operator.EQUAL, Scalar.of(CanonicalTypes.DATE32, 19723L + 5))))
        .hasSize(1);
    assertThat(Remote.rows(table, compare(1, Operator.EQUAL, text("name 5' OR 1=1 --")))).isEmpty();
    assertThat(Remote.rows(table, new Predicate.StartsWith(1, "name 1999"))).hasSize(11);
    assertThat(Remote.rows(table, new Predicate.IsNull(3))).hasSize(2000);
    assertThat(Remote.rows(table, compare(2, Operator.EQUAL, Scalar.of(CanonicalTypes.BOOL, true))))
        .hasSize(6666);
    assertThat(Remote.rows(table, compare(0, Operator.EQUAL, Scalar.nullOf(CanonicalTypes.INT32))))
        .isEmpty();
    assertThat(
            Remote.rows(
                table,
                new Predicate.In(
                    0,
                    List.of(
                        Scalar.of(CanonicalTypes.INT32, 1L), Scalar.of(CanonicalTypes.INT32, 5L)))))
        .hasSize(2);
  }

  @Test
  void everyComparableTypeCanBeBound() {
    Table table = table("types");
    Map<String, Object> values =
        Map.ofEntries(
            Map.entry("b", true),
            Map.entry("i2", -2L),
            Map.entry("i8", Long.MAX_VALUE),
            Map.entry("f4", 1.5),
            Map.entry("f8", Double.NaN),
            Map.entry("n", new java.math.BigDecimal("123.456")),
            Map.entry("n0", new java.math.BigDecimal("1.000000001")),
            Map.entry("t", "äöü"),
            Map.entry("c", "ab"),
            Map.entry("d", 19782L),
            Map.entry("tm", 86399999999L),
            Map.entry("ts", -999_999L),
            Map.entry("tz", 1710054000000000L),
            Map.entry("m", "ok"),
            Map.entry("dom", 12L));
    values.forEach(
        (name, value) -> {
          int column = Remote.column(table, name);
          Scalar constant = Scalar.of(table.schema().getFields().get(column).getType(), value);
          for (Operator operator :
              List.of(Operator.EQUAL, Operator.LESS_OR_EQUAL, Operator.GREATER_OR_EQUAL)) {
            Predicate predicate = compare(column, operator, constant);
            assertThat(table.appliedExactly(List.of(predicate))).as(name).hasSize(1);
            assertThat(Remote.rows(table, predicate)).as(name + operator).hasSize(1);
          }
        });
  }

  @Test
  void stringsCompareByCodePoints() {
    Table table = table("words");
    assertThat(Remote.rows(table, compare(0, Operator.LESS, text("a"))))
        .containsExactlyInAnyOrder(List.of("A"), List.of("B"));
    assertThat(Remote.rows(table, compare(0, Operator.GREATER, text("b"))))
        .containsExactly(List.of("ä"));
    assertThat(Remote.rows(table, compare(0, Operator.NOT_EQUAL, text("a")))).hasSize(4);
  }

  @Test
  void parametersCountAsExact() {
    Predicate later =
        new Predicate.Comparison(0, Operator.EQUAL, new Operand.Parameter(0, CanonicalTypes.INT32));
    assertThat(table("numbers").appliedExactly(List.of(later))).hasSize(1);
    Predicate binary = compare(15, Operator.EQUAL, Scalar.of(CanonicalTypes.BINARY, new byte[1]));
    assertThat(table("types").appliedExactly(List.of(binary))).isEmpty();
  }

  @Test
  void limitAndBareCountsRunRemotely() {
    Table table = table("numbers");
    assertThat(Remote.rows(table, List.of(0), OptionalLong.of(3))).hasSize(3);
    assertThat(Remote.rows(table, List.of(), OptionalLong.empty())).hasSize(20000);
    assertThat(
            Remote.rows(
                table,
                List.of(),
                OptionalLong.of(50),
                compare(0, Operator.LESS, Scalar.of(CanonicalTypes.INT32, 40L))))
        .hasSize(39);
  }

  @Test
  void statisticsComeFromTheCatalog() {
    Table table = table("numbers");
    assertThat(table.statistics().rows().orElseThrow()).isBetween(19000.0, 21000.0);
    assertThat(table.statistics().columns().get(0).distinctValues().orElseThrow())
        .isBetween(19000.0, 21000.0);
    assertThat(table.statistics().columns().get(2).distinctValues()).hasValue(2);
    assertThat(table("slow").statistics().rows()).isEmpty();
  }

  @Test
  void closingStopsTheRemoteStatement() throws Exception {
    Scan.Java scan = (Scan.Java) table("slow").scan(List.of());
    try (RootAllocator allocator = new RootAllocator()) {
      ArrowReader reader =
          scan.open(
              allocator, new Scan.OpenRequest(0, List.of(0, 1), List.of(), OptionalLong.empty()));
      CompletableFuture<Boolean> loading =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return reader.loadNextBatch();
                } catch (java.io.IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      Thread.sleep(300);
      long start = System.nanoTime();
      reader.close();
      assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start)).isLessThan(2000);
      assertThatThrownBy(loading::get)
          .cause()
          .isInstanceOfSatisfying(
              KeldaException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CANCELLED));
    }
  }

  @Test
  void failuresNameTheCatalogAndNoSecret() {
    try (Connector wrong =
        Remote.connect(
            Path.of("/"),
            Map.of(
                "url", server.url().replace("/postgres", "/absent"),
                "user", "postgres",
                "password", "hunter2"))) {
      assertThatThrownBy(wrong::schemas)
          .isInstanceOfSatisfying(
              KeldaException.class,
              e -> {
                assertThat(e.code()).isEqualTo(ErrorCode.REMOTE_SOURCE_ERROR);
                assertThat(e.getMessage())
                    .contains("catalog db")
                    .contains("\"absent\" does not exist")
                    .doesNotContain("hunter2");
              });
    }
  }

  private static Predicate compare(int column, Operator operator, Scalar value) {
    return new Predicate.Comparison(column, operator, value);
  }

  private static Scalar text(String value) {
    return Scalar.of(CanonicalTypes.UTF8, value);
  }
}
