package dev.kelda.tpc;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** The 22 queries of TPC-H and its tables. */
final class Queries {
  static final List<String> TABLES =
      List.of("customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier");

  private static final String WITH = "with ";

  private Queries() {}

  static IntStream numbers() {
    return IntStream.rangeClosed(1, 22);
  }

  /** The text over tables called by their names. */
  static String text(int number) {
    String name = String.format(Locale.ROOT, "/tpch/q%02d.sql", number);
    try (InputStream file = Queries.class.getResourceAsStream(name)) {
      if (file == null) {
        throw new IllegalArgumentException("no query " + number + "; there are 1 to 22");
      }
      return new String(file.readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The same query with the tables it names read from their Parquet files; needs no catalog. */
  static String overFiles(String query, Path folder) {
    String tables =
        TABLES.stream()
            .filter(table -> Pattern.compile("\\b" + table + "\\b").matcher(query).find())
            .map(table -> table + " AS (SELECT * FROM '" + file(folder, table) + "')")
            .collect(joining(", ", "WITH ", ""));
    return query.startsWith(WITH)
        ? tables + ", " + query.substring(WITH.length())
        : tables + " " + query;
  }

  static Path file(Path folder, String table) {
    return folder.resolve(table + ".parquet");
  }
}
