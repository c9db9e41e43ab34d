package dev.kelda.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kelda.server.config.ConfigFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What Kelda writes and reads, against Iceberg Java's own reader and writer of rows. */
final class TestIcebergReferee {
  private static final String COPY_ON_WRITE = "'format-version' = '2'";
  private static final String MERGE =
      "'write.delete.mode' = 'merge-on-read', 'write.update.mode' = 'merge-on-read',"
          + " 'write.merge.mode' = 'merge-on-read', 'format-version' = ";

  @TempDir static Path folder;
  private static KeldaServer server;
  private static Statements statements;
  private static IcebergReferee referee;

  @BeforeAll
  static void start() throws Exception {
    Path file = folder.resolve("kelda.toml");
    Files.writeString(file, "[server]\nport = 0\nhttp_port = -1\n");
    Path home = folder.resolve("home");
    server = KeldaServer.start(ConfigFile.read(file, Optional.of(home)));
    statements = new Statements(server);
    referee = new IcebergReferee(home);
  }

  @AfterAll
  static void stop() throws Exception {
    assertThat(server.engine().metrics().leakedBytes()).isZero();
    referee.close();
    server.close();
  }

  private static void run(String... all) throws SQLException {
    for (String statement : all) {
      statements.rows(statement);
    }
  }

  /** Kelda's rows of the table are these, and the referee's too. */
  private static void check(String table, String... expected) throws Exception {
    List<String> rows = statements.rows("SELECT * FROM " + table).stream().sorted().toList();
    assertThat(rows).containsExactly(expected);
    assertThat(referee.rows(table)).isEqualTo(rows);
  }

  @ParameterizedTest
  @ValueSource(strings = {COPY_ON_WRITE, MERGE + "'2'", MERGE + "'3'"})
  void changesOfRowsAndColumns(String properties) throws Exception {
    String t = "changed_" + Math.abs(properties.hashCode());
    run(
        "CREATE TABLE %s (id INTEGER, cat VARCHAR, x DOUBLE, d DECIMAL(9, 2), day DATE) PARTITIONED BY (cat) WITH (%s)"
            .formatted(t, properties),
        "INSERT INTO %s SELECT i, CASE WHEN i %% 2 = 0 THEN 'even' END, CAST(i AS DOUBLE) / 4, i, DATE '2024-02-27' + INTERVAL '1' DAY * i FROM RANGE(0, 6) AS r(i)"
            .formatted(t),
        "DELETE FROM %s WHERE id IN (1, 4)".formatted(t),
        "UPDATE %s SET x = -x, cat = 'new' WHERE id >= 3".formatted(t));
    check(
        t,
        "0|even|0.0|0.00|2024-02-27",
        "2|even|0.5|2.00|2024-02-29",
        "3|new|-0.75|3.00|2024-03-01",
        "5|new|-1.25|5.00|2024-03-03");
    run(
        "ALTER TABLE %s RENAME COLUMN x TO y".formatted(t),
        "ALTER TABLE %s DROP COLUMN day".formatted(t),
        "ALTER TABLE %s ALTER COLUMN id SET DATA TYPE BIGINT".formatted(t),
        "ALTER TABLE %s ADD COLUMN more VARCHAR".formatted(t),
        ("MERGE INTO %s AS t USING (VALUES (2, 'a'), (3, 'b'), (9, 'c')) AS s (id, v) ON t.id = s.id"
                + " WHEN MATCHED AND t.id = 2 THEN DELETE WHEN MATCHED THEN UPDATE SET more = v"
                + " WHEN NOT MATCHED THEN INSERT (id, more) VALUES (s.id, s.v)")
            .formatted(t));
    check(
        t,
        "0|even|0.0|0.00|null",
        "3|new|-0.75|3.00|b",
        "5|new|-1.25|5.00|null",
        "9|null|null|null|c");
  }

  @ParameterizedTest
  @ValueSource(strings = {COPY_ON_WRITE, MERGE + "'2'", MERGE + "'3'"})
  void deletesByValue(String properties) throws Exception {
    String t = "equal_" + Math.abs(properties.hashCode());
    run(
        "CREATE TABLE %s (id BIGINT, cat VARCHAR, n INTEGER) WITH (%s)".formatted(t, properties),
        "INSERT INTO %s VALUES (1, 'a', 10), (2, NULL, 20), (3, 'b', 30), (4, 'b', NULL)"
            .formatted(t));
    referee.deleteEqual(t, List.of(Map.of("id", 1L), Map.of("id", 7L)), Map.of());
    Map<String, Object> noText = new HashMap<>();
    noText.put("cat", null);
    referee.deleteEqual(t, List.of(noText), Map.of());
    check(t, "3|b|30", "4|b|null");
    assertThat(statements.rows("SELECT COUNT(*), MIN(id) FROM " + t)).containsExactly("2|3");

    // What comes later is not deleted, and a renamed column is the same column.
    run(
        "INSERT INTO %s VALUES (1, 'again', 11), (5, NULL, 50)".formatted(t),
        "ALTER TABLE %s RENAME COLUMN cat TO kind".formatted(t));
    check(t, "1|again|11", "3|b|30", "4|b|null", "5|null|50");
    Map<String, Object> both = new HashMap<>(Map.of("kind", "b"));
    both.put("n", null);
    referee.deleteEqual(t, List.of(both), Map.of());
    check(t, "1|again|11", "3|b|30", "5|null|50");

    run(
        "UPDATE %s SET n = n + 1 WHERE id < 4".formatted(t),
        "DELETE FROM %s WHERE id = 5".formatted(t));
    check(t, "1|again|12", "3|b|31");
    referee.deleteEqual(t, List.of(Map.of("n", 31)), Map.of());
    check(t, "1|again|12");
    run(
        "ALTER TABLE %s DROP COLUMN n".formatted(t),
        "INSERT INTO %s VALUES (8, 'late')".formatted(t));
    // Iceberg's reader cannot read a table whose deletes have a column that was dropped.
    assertThat(statements.rows("SELECT * FROM " + t + " ORDER BY id"))
        .containsExactly("1|again", "8|late");
    run(
        "CALL lake.system.rewrite_data_files('main.%s', options => MAP['rewrite-all', 'true'])"
            .formatted(t));
    check(t, "1|again", "8|late");
  }

  @Test
  void deletesByValueStayInTheirPartition() throws Exception {
    run(
        "CREATE TABLE split (id BIGINT, cat VARCHAR) PARTITIONED BY (cat)",
        "INSERT INTO split VALUES (1, 'a'), (2, 'a'), (1, 'b'), (1, NULL)");
    referee.deleteEqual("split", List.of(Map.of("id", 1L)), Map.of("cat", "a"));
    check("split", "1|b", "1|null", "2|a");
    Map<String, Object> noText = new HashMap<>(Map.of("id", 1L));
    noText.put("cat", null);
    referee.deleteEqual("split", List.of(Map.of("id", 1L)), noText);
    check("split", "1|b", "2|a");
    assertThat(statements.rows("SELECT COUNT(*) FROM split WHERE cat = 'a'")).containsExactly("1");
    run("UPDATE split SET cat = 'a' WHERE cat = 'b'");
    check("split", "1|a", "2|a");
  }
}
