package dev.kelda.executor.history;

import dev.kelda.executor.history.RunInfo.State;
import dev.kelda.spi.metastore.Metastore;
import dev.kelda.spi.run.Runs;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** The rows of {@code engine_runs}. */
final class RunTable {
  private static final Duration KEPT = Duration.ofDays(30);
  private static final Duration LOST_AFTER = Duration.ofMinutes(1);

  private static final String FORGET = "DELETE FROM engine_runs WHERE started_at < ?";
  private static final String INSERT =
      "INSERT INTO engine_runs (run_id, kind, target, user_name, query_id, state, done, unit,"
          + " started_at, seen_at) VALUES (?, ?, ?, ?, ?, 'RUNNING', 0, 'rows', ?, ?)";
  private static final String UPDATE =
      "UPDATE engine_runs SET done = ?, total = ?, unit = ?, detail = ?, seen_at = ?, state = ?,"
          + " ended_at = ?, error = ? WHERE run_id = ? AND state = 'RUNNING'";
  private static final String SELECT = "SELECT * FROM engine_runs ORDER BY started_at DESC, run_id";

  private final Metastore metastore;

  RunTable(Metastore metastore) {
    this.metastore = metastore;
    metastore.migrate("engine", "dev/kelda/executor/history", RunTable.class.getClassLoader());
  }

  void insert(String id, Runs.Subject subject) {
    Instant now = Instant.now();
    metastore.transaction(
        connection -> {
          change(connection, FORGET, micros(now.minus(KEPT)));
          return change(
              connection,
              INSERT,
              id,
              subject.kind(),
              subject.target(),
              subject.user(),
              subject.queryId().orElse(null),
              micros(now),
              micros(now));
        });
  }

  void update(String id, LiveProgress.Moment progress) {
    write(id, progress, State.RUNNING, null, null);
  }

  void end(String id, LiveProgress.Moment progress, State state, Optional<String> error) {
    write(id, progress, state, micros(Instant.now()), error.orElse(null));
  }

  private void write(
      String id, LiveProgress.Moment progress, State state, Long ended, String error) {
    Long total = progress.total().isPresent() ? progress.total().getAsLong() : null;
    metastore.transaction(
        connection ->
            change(
                connection,
                UPDATE,
                progress.done(),
                total,
                progress.unit(),
                progress.detail().orElse(null),
                micros(Instant.now()),
                state.name(),
                ended,
                error,
                id));
  }

  private static int change(Connection connection, String sql, Object... values)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      return statement.executeUpdate();
    }
  }

  /** Newest first. */
  List<RunInfo> all() {
    Instant lostBefore = Instant.now().minus(LOST_AFTER);
    return metastore.read(
        connection -> {
          List<RunInfo> runs = new ArrayList<>();
          try (PreparedStatement statement = connection.prepareStatement(SELECT);
              ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
              runs.add(run(rows, lostBefore));
            }
          }
          return runs;
        });
  }

  private static RunInfo run(ResultSet row, Instant lostBefore) throws SQLException {
    State state = State.valueOf(row.getString("state"));
    boolean silent = instant(row.getLong("seen_at")).isBefore(lostBefore);
    long total = row.getLong("total");
    OptionalLong known = row.wasNull() ? OptionalLong.empty() : OptionalLong.of(total);
    long ended = row.getLong("ended_at");
    Optional<Instant> end = row.wasNull() ? Optional.empty() : Optional.of(instant(ended));
    return new RunInfo(
        row.getString("run_id"),
        new Runs.Subject(
            row.getString("kind"),
            row.getString("target"),
            row.getString("user_name"),
            Optional.ofNullable(row.getString("query_id"))),
        state == State.RUNNING && silent ? State.LOST : state,
        row.getLong("done"),
        known,
        row.getString("unit"),
        Optional.ofNullable(row.getString("detail")),
        instant(row.getLong("started_at")),
        end,
        Optional.ofNullable(row.getString("error")));
  }

  private static long micros(Instant instant) {
    return ChronoUnit.MICROS.between(Instant.EPOCH, instant);
  }

  private static Instant instant(long micros) {
    return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
  }
}
