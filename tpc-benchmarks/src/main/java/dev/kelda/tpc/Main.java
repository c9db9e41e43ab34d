package dev.kelda.tpc;

import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code --uri grpc://HOST:PORT --tpch FOLDER [--rounds 5] [--threads 2] [--iceberg]}: medians of
 * the 22 queries beside DuckDB's, planning times, and the latency of a prepared SELECT 1. Exit code
 * 1 when an answer differs.
 */
public final class Main {
  private static final int SMALL_ROUNDS = 500;
  private static final int WARM_PLANS = 60;
  private static final Pattern PLANNED = Pattern.compile("planned in ([0-9.]+)ms");

  private record Options(String uri, Path folder, int rounds, int threads, boolean iceberg) {}

  private record Line(int number, double kelda, double duckdb, Optional<String> difference) {}

  private Main() {}

  public static void main(String[] arguments) throws SQLException {
    Options options = parse(arguments);
    try (Engine kelda = Engine.kelda(options.uri());
        Engine duckdb = Engine.duckdb(options.threads())) {
      prepareTables(kelda, duckdb, options);
      boolean equal = compare(kelda, duckdb, options);
      planning(kelda, options);
      double one = Engine.median(kelda.prepared("SELECT 1", SMALL_ROUNDS, SMALL_ROUNDS));
      Engine.print("prepared SELECT 1 over JDBC: median %.2f ms", one);
      System.exit(equal ? 0 : 1);
    }
  }

  private static Options parse(String[] arguments) {
    String uri = "";
    Path folder = Path.of("");
    int rounds = 5;
    int threads = 2;
    boolean iceberg = false;
    for (int i = 0; i < arguments.length; i++) {
      switch (arguments[i]) {
        case "--uri" -> uri = arguments[++i];
        case "--tpch" -> folder = Path.of(arguments[++i]).toAbsolutePath();
        case "--rounds" -> rounds = Integer.parseInt(arguments[++i]);
        case "--threads" -> threads = Integer.parseInt(arguments[++i]);
        case "--iceberg" -> iceberg = true;
        default -> throw new IllegalArgumentException("unknown option " + arguments[i]);
      }
    }
    if (uri.isEmpty() || folder.toString().isEmpty()) {
      throw new IllegalArgumentException("--uri and --tpch are needed");
    }
    return new Options(uri, folder, rounds, threads, iceberg);
  }

  private static void prepareTables(Engine kelda, Engine duckdb, Options options)
      throws SQLException {
    if (options.iceberg()) {
      kelda.execute("CREATE SCHEMA IF NOT EXISTS tpch");
    }
    for (String table : Queries.TABLES) {
      String file = "'" + Queries.file(options.folder(), table) + "'";
      duckdb.execute("CREATE VIEW " + table + " AS FROM " + file);
      if (options.iceberg()) {
        kelda.execute("CREATE TABLE IF NOT EXISTS tpch." + table + " AS SELECT * FROM " + file);
      }
    }
    if (options.iceberg()) {
      kelda.execute("USE tpch");
    }
  }

  private static String keldaText(int number, Options options) {
    String text = Queries.text(number);
    return options.iceberg() ? text : Queries.overFiles(text, options.folder());
  }

  private static boolean compare(Engine kelda, Engine duckdb, Options options) throws SQLException {
    Engine.print("query  Kelda ms  DuckDB ms  ratio");
    List<Line> lines = new ArrayList<>();
    for (int number : Queries.numbers().toArray()) {
      Line line = compare(number, kelda, duckdb, options);
      lines.add(line);
      String note = line.difference().map(d -> "  DIFFERENT: " + d).orElse("");
      double ratio = line.kelda() / line.duckdb();
      Engine.print(
          "q%02d    %8.1f   %8.1f  %5.2f%s", number, line.kelda(), line.duckdb(), ratio, note);
    }
    double ours = lines.stream().mapToDouble(Line::kelda).sum();
    double theirs = lines.stream().mapToDouble(Line::duckdb).sum();
    Engine.print("sum    %8.1f   %8.1f  %5.2f", ours, theirs, ours / theirs);
    return lines.stream().allMatch(line -> line.difference().isEmpty());
  }

  private static Line compare(int number, Engine kelda, Engine duckdb, Options options)
      throws SQLException {
    String keldaText = keldaText(number, options);
    String text = Queries.text(number);
    Optional<String> difference =
        kelda.query(keldaText).answer().difference(duckdb.query(text).answer());
    List<Double> ours = new ArrayList<>();
    List<Double> theirs = new ArrayList<>();
    for (int i = 0; i < options.rounds(); i++) {
      ours.add(kelda.query(keldaText).millis());
      theirs.add(duckdb.query(text).millis());
    }
    return new Line(number, Engine.median(ours), Engine.median(theirs), difference);
  }

  /** Warm planning by Kelda as EXPLAIN ANALYZE tells it, of texts new to the plan cache. */
  private static void planning(Engine kelda, Options options) throws SQLException {
    for (int i = 0; i < WARM_PLANS; i++) {
      for (int number : Queries.numbers().toArray()) {
        kelda.text("EXPLAIN /* warm " + i + " */ " + keldaText(number, options));
      }
    }
    List<Double> medians = new ArrayList<>();
    for (int number : Queries.numbers().toArray()) {
      String text = keldaText(number, options);
      List<Double> times = new ArrayList<>();
      for (int i = 0; i < options.rounds() + 1; i++) {
        String plan = kelda.text("EXPLAIN ANALYZE /* " + i + " */ " + text);
        Matcher planned = PLANNED.matcher(plan);
        if (!planned.find()) {
          throw new IllegalStateException(
              "EXPLAIN ANALYZE does not tell the planning time: " + plan);
        }
        times.add(Double.parseDouble(planned.group(1)));
      }
      medians.add(Engine.median(times));
      Engine.print("planning q%02d: median %.2f ms", number, medians.getLast());
    }
    Engine.print("planning, median over the queries: %.2f ms", Engine.median(medians));
  }
}
