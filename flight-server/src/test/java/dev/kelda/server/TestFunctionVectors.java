package dev.kelda.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import dev.kelda.executor.EngineConfig;
import dev.kelda.executor.QueryEngine;
import dev.kelda.executor.QueryResult;
import dev.kelda.executor.Session;
import dev.kelda.planner.function.FunctionInfo;
import dev.kelda.planner.function.FunctionInfo.TestVector;
import dev.kelda.planner.function.FunctionRegistry;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.TimeMicroVector;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/** Runs every test vector of the function registry through the whole engine. */
@TestInstance(Lifecycle.PER_CLASS)
class TestFunctionVectors {
  private QueryEngine engine;
  private Session session;

  @BeforeAll
  void open(@TempDir Path home) {
    engine = QueryEngine.open(EngineConfig.of(home));
    session = engine.openSession("test");
  }

  @AfterAll
  void close() {
    session.close();
    assertThat(engine.metrics().arrowBytes()).isZero();
    engine.close();
  }

  @TestFactory
  Stream<DynamicTest> vectors() {
    return FunctionRegistry.load().functions().stream()
        .flatMap(
            function ->
                function.vectors().stream()
                    .map(
                        vector ->
                            DynamicTest.dynamicTest(
                                function.id() + ": " + vector.sql(),
                                () -> check(function, vector))));
  }

  private void check(FunctionInfo function, TestVector vector) throws IOException {
    boolean statement = vector.sql().startsWith("SELECT ") || vector.sql().startsWith("WITH ");
    String sql = statement ? vector.sql() : "SELECT " + vector.sql();
    if (vector.error().isPresent()) {
      assertThatThrownBy(() -> value(sql))
          .isInstanceOf(KeldaException.class)
          .satisfies(
              e ->
                  assertThat(((KeldaException) e).describe())
                      .contains(vector.error().get())
                      .doesNotStartWith("INTERNAL_ERROR"));
      return;
    }
    String actual = value(sql);
    String expected = vector.result().orElse(actual);
    if (!same(expected, actual)) {
      fail("%s: %s is %s, not %s", function.id(), sql, actual, expected);
    }
  }

  /** Doubles may differ in their last digits. */
  private static boolean same(String expected, String actual) {
    if (expected.equals(actual)) {
      return true;
    }
    try {
      double e = Double.parseDouble(expected);
      double a = Double.parseDouble(actual);
      return actual.contains(".") && Math.abs(e - a) <= 1e-12 * Math.abs(e);
    } catch (NumberFormatException e) {
      return false;
    }
  }

  private String value(String sql) throws IOException {
    try (QueryResult result = engine.run(session, sql);
        ArrowReader reader = result.reader()) {
      while (reader.loadNextBatch()) {
        if (reader.getVectorSchemaRoot().getRowCount() > 0) {
          return text(reader.getVectorSchemaRoot().getVector(0), 0);
        }
      }
      throw new AssertionError("no row: " + sql);
    }
  }

  private static String text(FieldVector vector, int row) {
    if (vector.isNull(row)) {
      return "NULL";
    }
    return switch (vector) {
      case DateDayVector days -> LocalDate.ofEpochDay(days.get(row)).toString();
      case TimeMicroVector time -> clock(LocalTime.ofNanoOfDay(time.get(row) * 1000));
      default -> text(vector.getObject(row));
    };
  }

  private static String text(Object value) {
    return switch (value) {
      case null -> "NULL";
      case LocalDateTime moment -> moment.toLocalDate() + " " + clock(moment.toLocalTime());
      case List<?> list ->
          list.stream().map(TestFunctionVectors::text).collect(Collectors.joining(", ", "[", "]"));
      default -> value.toString();
    };
  }

  private static String clock(LocalTime time) {
    String fraction = ".%06d".formatted(time.getNano() / 1000).replaceAll("0+$", "");
    return "%02d:%02d:%02d".formatted(time.getHour(), time.getMinute(), time.getSecond())
        + (fraction.equals(".") ? "" : fraction);
  }
}
