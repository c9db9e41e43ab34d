package dev.kelda.connector.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Connector;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Predicate.Operator;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.connector.TableListing;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.apache.arrow.vector.types.pojo.Field;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestFileDatabases {
  @TempDir Path home;

  private void execute(String url, String... statements) throws SQLException {
    try (var connection = DriverManager.getConnection(url);
        var statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private Connector sqlite(String... statements) throws SQLException {
    execute("jdbc:sqlite:" + home.resolve("a.db"), statements);
    return Remote.connect(home, Map.of("url", "sqlite:a.db"));
  }

  private Connector duckdb(String... statements) throws SQLException {
    execute("jdbc:duckdb:" + home.resolve("a.duckdb"), statements);
    return Remote.connect(home, Map.of("url", "duckdb:a.duckdb"));
  }

  @Test
  void sqliteTypes() throws SQLException {
    try (Connector connector =
        sqlite(
            "CREATE TABLE types (i INTEGER PRIMARY KEY, s VARCHAR(10), r REAL, n DECIMAL(10, 2),"
                + " b BOOLEAN, d DATE, ts TIMESTAMP, tm TIME, x BLOB, a, j JSON)",
            "INSERT INTO types VALUES (1, 'x', 0.5, 12.345, 1, '2024-02-29',"
                + " '2024-02-29T01:02:03.5Z', '01:02:03', x'0102', 7, '5')",
            "INSERT INTO types VALUES (2, NULL, 1, 3, 'false', 1709164800000, '2024-02-29',"
                + " NULL, NULL, 'text', NULL)",
            "CREATE VIEW v AS SELECT count(*) AS n FROM types")) {
      assertThat(connector.tables("main"))
          .containsExactly(
              new TableListing("types", TableKind.TABLE), new TableListing("v", TableKind.VIEW));
      Table table = connector.table("main", "types").orElseThrow();
      assertThat(table.schema().getFields())
          .extracting(Field::getType)
          .containsExactly(
              CanonicalTypes.INT64,
              CanonicalTypes.UTF8,
              CanonicalTypes.FLOAT64,
              CanonicalTypes.decimal(10, 2),
              CanonicalTypes.BOOL,
              CanonicalTypes.DATE32,
              CanonicalTypes.TIMESTAMP,
              CanonicalTypes.TIME64,
              CanonicalTypes.BINARY,
              CanonicalTypes.UTF8,
              CanonicalTypes.UTF8);
      List<List<String>> rows = Remote.rows(table);
      assertThat(rows.get(0))
          .startsWith("1", "x", "0.5", "12.35", "true", "19782", "2024-02-29T01:02:03.500")
          .endsWith("7", "5");
      assertThat(rows.get(1))
          .startsWith("2", "null", "1.0", "3.00", "false", "19782", "2024-02-29T00:00")
          .endsWith("null", "text", "null");
      assertThat(table.statistics().rows()).hasValue(2);
      assertThat(Remote.rows(table, equal(10, Scalar.of(CanonicalTypes.UTF8, "5")))).hasSize(1);
      assertThat(Remote.rows(connector.table("main", "v").orElseThrow()))
          .containsExactly(List.of("2"));
      assertThat(connector.table("main", "TYPES")).isEmpty();
    }
  }

  @Test
  void aVersionChangesWithTheColumnsOnly() throws SQLException {
    try (Connector connector = sqlite("CREATE TABLE t (a INTEGER)")) {
      Table first = connector.table("main", "t").orElseThrow();
      assertThat(connector.table("main", "t").orElseThrow().version()).isEqualTo(first.version());
      execute("jdbc:sqlite:" + home.resolve("a.db"), "INSERT INTO t VALUES (1)");
      assertThat(Remote.rows(first)).hasSize(1);
      execute("jdbc:sqlite:" + home.resolve("a.db"), "INSERT INTO t VALUES (2)");
      assertThat(Remote.rows(first)).as("a scan of the table as it was loaded").hasSize(2);
      execute("jdbc:sqlite:" + home.resolve("a.db"), "ALTER TABLE t ADD COLUMN b TEXT");
      assertThat(connector.table("main", "t").orElseThrow().version())
          .isNotEqualTo(first.version());
    }
  }

  @Test
  void sqliteStringsCompareByCodePointsWhateverTheCollation() throws SQLException {
    try (Connector connector =
        sqlite(
            "CREATE TABLE w (w TEXT COLLATE NOCASE)",
            "INSERT INTO w VALUES ('a'), ('A'), ('b'), ('ä')")) {
      Table table = connector.table("main", "w").orElseThrow();
      assertThat(Remote.rows(table, equal(0, Scalar.of(CanonicalTypes.UTF8, "a")))).hasSize(1);
      assertThat(
              Remote.rows(
                  table,
                  new Predicate.Comparison(0, Operator.LESS, Scalar.of(CanonicalTypes.UTF8, "a"))))
          .containsExactly(List.of("A"));
      assertThat(Remote.rows(table, new Predicate.StartsWith(0, "ä"))).hasSize(1);
      assertThat(Remote.rows(table, List.of(), OptionalLong.empty())).hasSize(4);
    }
  }

  @Test
  void sqliteValuesThatDoNotFitAreErrorsThatNameTheColumn() throws SQLException {
    try (Connector connector =
        sqlite("CREATE TABLE t (n INTEGER)", "INSERT INTO t VALUES ('seven')")) {
      Table table = connector.table("main", "t").orElseThrow();
      assertThatThrownBy(() -> Remote.rows(table))
          .isInstanceOf(KeldaException.class)
          .hasMessageContaining("\"n\"");
    }
  }

  @Test
  void sqliteIsReadOnlyAndMustExist() {
    try (Connector connector = Remote.connect(home, Map.of("url", "sqlite:absent.db"))) {
      assertThatThrownBy(() -> connector.tables("main"))
          .isInstanceOfSatisfying(
              KeldaException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.REMOTE_SOURCE_ERROR));
      assertThat(home.resolve("absent.db")).doesNotExist();
    }
  }

  @Test
  void duckdbTypes() throws SQLException {
    try (Connector connector =
        duckdb(
            "CREATE TABLE types AS SELECT true AS b, 1::TINYINT AS i1, 200::UTINYINT AS u1,"
                + " 3000000000::UINTEGER AS u4, 18446744073709551615::UBIGINT AS u8,"
                + " 170141183460469231731687303715884105727::HUGEINT / 100 AS h,"
                + " 1.25::DECIMAL(10, 2) AS n, 1.5::FLOAT AS f, 'x' AS s, DATE '2024-02-29' AS d,"
                + " TIME '01:02:03.000004' AS t, TIMESTAMP '1969-12-31 23:59:59.5' AS ts,"
                + " TIMESTAMPTZ '2024-03-10 12:00:00+05' AS tz,"
                + " TIMESTAMP_NS '2024-01-01 00:00:00.123456789' AS ns, [1, 2] AS l,"
                + " '\\xAA'::BLOB AS x",
            "CREATE TABLE w AS SELECT unnest(['a', 'A', 'b', 'ä', NULL]) AS w",
            "CREATE VIEW v AS SELECT 1 AS one")) {
      assertThat(connector.schemas()).containsExactly("main");
      assertThat(connector.tables("main")).hasSize(3);
      Table table = connector.table("main", "types").orElseThrow();
      assertThat(table.schema().findField("u8").getType()).isEqualTo(CanonicalTypes.decimal(20, 0));
      assertThat(Remote.rows(table).getFirst())
          .startsWith("true", "1", "200", "3000000000", "18446744073709551615")
          .containsSequence("1.25", "1.5", "x", "19782", "3723000004", "1969-12-31T23:59:59.500")
          .containsSequence("1710054000000000", "2024-01-01T00:00:00.123456789", "[1, 2]");
      assertThat(table.statistics().rows()).hasValue(1);
      Map<String, Object> values =
          Map.of(
              "b",
              true,
              "u1",
              200L,
              "n",
              new java.math.BigDecimal("1.25"),
              "f",
              1.5,
              "s",
              "x",
              "d",
              19782L,
              "t",
              3723000004L,
              "ts",
              -500_000L,
              "tz",
              1710054000000000L);
      values.forEach(
          (name, value) -> {
            int column = Remote.column(table, name);
            Scalar constant = Scalar.of(table.schema().findField(name).getType(), value);
            assertThat(Remote.rows(table, equal(column, constant))).as(name).hasSize(1);
          });
      Table words = connector.table("main", "w").orElseThrow();
      assertThat(
              Remote.rows(
                  words,
                  new Predicate.Comparison(0, Operator.LESS, Scalar.of(CanonicalTypes.UTF8, "a"))))
          .containsExactly(List.of("A"));
      assertThat(Remote.rows(words, List.of(), OptionalLong.of(3))).hasSize(3);
    }
  }

  @Test
  void onlyPlainAddressesAreTaken() {
    for (String url :
        List.of(
            "jdbc:postgresql://h/db?loggerFile=/tmp/x&loggerLevel=DEBUG",
            "jdbc:postgresql://h/db?socketFactory=org.example.Evil",
            "postgresql://h,other/db",
            "postgresql:///db",
            "sqlite::memory:",
            "sqlite::resource:http://evil/x.db",
            "sqlite:file:a.db?mode=rwc",
            "duckdb:",
            "duckdb:a.db;session_init_sql_file=/tmp/x",
            "h2:mem:x;INIT=RUNSCRIPT FROM 'x'",
            "mysql://h/db")) {
      assertThatThrownBy(() -> Remote.connect(home, Map.of("url", url)))
          .as(url)
          .isInstanceOfSatisfying(
              KeldaException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIGURATION));
    }
    assertThatThrownBy(
            () -> Remote.connect(home, Map.of("url", "sqlite:a", "loggerFile", "/tmp/x")))
        .isInstanceOf(KeldaException.class)
        .hasMessageContaining("loggerFile");
  }

  private static Predicate equal(int column, Scalar value) {
    return new Predicate.Comparison(column, Operator.EQUAL, value);
  }
}
