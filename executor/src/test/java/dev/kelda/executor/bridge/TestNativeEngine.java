package dev.kelda.executor.bridge;

import static dev.kelda.executor.bridge.Plans.BOOL;
import static dev.kelda.executor.bridge.Plans.INT32;
import static dev.kelda.executor.bridge.Plans.INT64;
import static dev.kelda.executor.bridge.Plans.UTF8;
import static dev.kelda.executor.bridge.Plans.aggregate;
import static dev.kelda.executor.bridge.Plans.aggregateCall;
import static dev.kelda.executor.bridge.Plans.call;
import static dev.kelda.executor.bridge.Plans.cast;
import static dev.kelda.executor.bridge.Plans.column;
import static dev.kelda.executor.bridge.Plans.decimal;
import static dev.kelda.executor.bridge.Plans.filter;
import static dev.kelda.executor.bridge.Plans.javaScan;
import static dev.kelda.executor.bridge.Plans.join;
import static dev.kelda.executor.bridge.Plans.key;
import static dev.kelda.executor.bridge.Plans.literal;
import static dev.kelda.executor.bridge.Plans.numbers;
import static dev.kelda.executor.bridge.Plans.project;
import static dev.kelda.executor.bridge.Plans.range;
import static dev.kelda.executor.bridge.Plans.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kelda.executor.proto.EngineConfig;
import dev.kelda.executor.proto.QueryMetrics;
import dev.kelda.executor.proto.QueryRequest;
import dev.kelda.executor.proto.WriteTarget;
import dev.kelda.planner.proto.Aggregate;
import dev.kelda.planner.proto.Expr;
import dev.kelda.planner.proto.Field;
import dev.kelda.planner.proto.Frame;
import dev.kelda.planner.proto.Join;
import dev.kelda.planner.proto.PointInTimeJoin;
import dev.kelda.planner.proto.Rel;
import dev.kelda.planner.proto.SetOp;
import dev.kelda.planner.proto.Sort;
import dev.kelda.planner.proto.SortKey;
import dev.kelda.planner.proto.Window;
import dev.kelda.planner.proto.WindowCall;
import dev.kelda.planner.proto.Write;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The border as Java sees it: plans in, rows, errors and figures out. */
final class TestNativeEngine {
  @TempDir static Path spill;
  private static final RowSource SOURCE = new RowSource();
  private static NativeEngine engine;
  private final BufferAllocator allocator = new RootAllocator();

  @BeforeAll
  static void open() {
    engine =
        NativeEngine.open(
            EngineConfig.newBuilder()
                .setWorkerThreads(2)
                .setMemoryBytes(256L << 20)
                .setSpillDirectory(spill.toString())
                .setSpillBytes(1L << 30)
                .build(),
            SOURCE);
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  @AfterEach
  void everythingIsReleased() {
    assertThat(allocator.getAllocatedMemory()).isZero();
    assertThat(engine.metrics().getRunningQueries()).isZero();
    assertThat(engine.metrics().getMemoryReservedBytes()).isZero();
    allocator.close();
  }

  @Test
  void values() {
    assertThat(rows(numbers(1, 2, 3), 1)).containsExactly("1", "2", "3");
    assertThat(rows(numbers(), 1)).isEmpty();
  }

  @Test
  void manyValues() {
    assertThat(rows(range(1000), 1)).hasSize(1000);
  }

  @Test
  void duplicateOutputNames() throws IOException {
    try (NativeQuery query =
        engine.start(allocator, request(project(numbers(7), column(0), column(0)), 2))) {
      assertThat(query.reader().getVectorSchemaRoot().getSchema().getFields())
          .extracting(f -> f.getName())
          .containsExactly("x", "x");
      assertThat(read(query)).containsExactly("7|7");
    }
  }

  @Test
  void filterAndProject() {
    Rel plan =
        project(
            filter(range(10), call("gt", BOOL, column(0), literal(7))),
            call("multiply", INT64, column(0), literal(2)));
    assertThat(rows(plan, 1)).containsExactly("16", "18");
  }

  @Test
  void aggregates() {
    Rel groups = project(range(10), call("modulo", INT64, column(0), literal(2)), column(0));
    Rel plan =
        aggregate(
            groups,
            List.of(column(0)),
            aggregateCall("count", INT64),
            aggregateCall("sum", decimal(38, 0), column(1)),
            aggregateCall("count", INT64));
    assertThat(rows(plan, 4)).containsExactlyInAnyOrder("0|5|20|5", "1|5|25|5");
  }

  @Test
  void groupingSets() {
    Rel input = project(range(4), call("modulo", INT64, column(0), literal(2)), column(0));
    Rel plan =
        Rel.newBuilder()
            .setAggregate(
                Aggregate.newBuilder()
                    .setInput(input)
                    .addGroupBy(column(0))
                    .addGroupingSets(Aggregate.GroupingSet.newBuilder().addGroupOrdinals(0))
                    .addGroupingSets(Aggregate.GroupingSet.newBuilder())
                    .addCalls(aggregateCall("count", INT64))
                    .addCalls(aggregateCall("grouping", INT64, column(0))))
            .build();
    assertThat(rows(plan, 3)).containsExactlyInAnyOrder("0|2|0", "1|2|0", "null|4|1");
  }

  @Test
  void joins() {
    Rel left = numbers(1, 2, 3);
    Rel right = numbers(2, 3, 4);
    assertThat(rows(join(left, right, Join.Type.INNER, key(0, 0)), 2))
        .containsExactlyInAnyOrder("2|2", "3|3");
    assertThat(rows(join(left, right, Join.Type.FULL, key(0, 0)), 2))
        .containsExactlyInAnyOrder("1|null", "2|2", "3|3", "null|4");
    assertThat(rows(join(left, right, Join.Type.ANTI, key(0, 0)), 1)).containsExactly("1");
    assertThat(rows(join(left, right, Join.Type.INNER), 2)).hasSize(9);
  }

  @Test
  void pointInTimeJoins() {
    PointInTimeJoin.Feature feature =
        PointInTimeJoin.Feature.newBuilder()
            .setInput(numbers(10, 20, 30))
            .setSpineTime(column(0))
            .setFeatureTime(column(0))
            .setMatch(PointInTimeJoin.Feature.Match.GREATER_OR_EQUAL)
            .setTolerance(literal(5))
            .addOutput(0)
            .build();
    for (PointInTimeJoin.Build side :
        List.of(PointInTimeJoin.Build.SPINE, PointInTimeJoin.Build.FEATURES)) {
      PointInTimeJoin left =
          PointInTimeJoin.newBuilder()
              .setBuild(side)
              .setSpine(numbers(9, 20, 27, 34))
              .addFeatures(feature)
              .build();
      assertThat(rows(Rel.newBuilder().setPointInTimeJoin(left).build(), 2))
          .containsExactlyInAnyOrder("9|null", "20|20", "27|null", "34|30");
      PointInTimeJoin inner =
          left.toBuilder().setFeatures(0, feature.toBuilder().setInner(true)).build();
      assertThat(rows(Rel.newBuilder().setPointInTimeJoin(inner).build(), 2))
          .containsExactlyInAnyOrder("20|20", "34|30");
    }
  }

  @Test
  void writes(@TempDir Path folder) {
    Rel plan =
        Rel.newBuilder().setWrite(Write.newBuilder().setInput(range(100)).setTargetId(7)).build();
    WriteTarget target =
        WriteTarget.newBuilder()
            .setTargetId(7)
            .setLocation(folder.toUri().toString())
            .setFilePrefix("part")
            .addColumns(Field.newBuilder().setName("n").setType(INT64))
            .setTargetFileBytes(1L << 30)
            .setCompression("zstd")
            .setRowGroupRows(1000)
            .build();
    List<String> files = rows(request(plan, 6).toBuilder().addTargets(target).build());
    assertThat(files).singleElement().asString().contains("part").contains(".parquet|100|");
    assertThat(folder).isDirectoryContaining("glob:**part*.parquet");
  }

  @Test
  void windows() {
    Frame frame =
        Frame.newBuilder()
            .setUnit(Frame.Unit.ROWS)
            .setStart(Frame.Bound.newBuilder().setKind(Frame.Bound.Kind.UNBOUNDED_PRECEDING))
            .setEnd(Frame.Bound.newBuilder().setKind(Frame.Bound.Kind.CURRENT_ROW))
            .build();
    WindowCall sum =
        WindowCall.newBuilder()
            .setFunction("sum")
            .addArgs(column(0))
            .addOrderBy(SortKey.newBuilder().setExpr(column(0)))
            .setFrame(frame)
            .setType(decimal(38, 0))
            .build();
    WindowCall number =
        sum.toBuilder().clearArgs().setFunction("row_number").setType(INT64).build();
    Rel plan =
        Rel.newBuilder()
            .setWindow(Window.newBuilder().setInput(numbers(10, 20)).addCalls(sum).addCalls(number))
            .build();
    assertThat(rows(plan, 3)).containsExactlyInAnyOrder("10|10|1", "20|30|2");
  }

  @Test
  void sortLimitAndSets() {
    Rel sorted =
        Rel.newBuilder()
            .setSort(
                Sort.newBuilder()
                    .setInput(range(100))
                    .addKeys(SortKey.newBuilder().setExpr(column(0)).setDescending(true))
                    .setOffset(literal(1))
                    .setFetch(literal(2)))
            .build();
    assertThat(rows(sorted, 1)).containsExactly("98", "97");
    assertThat(rows(setOp(SetOp.Kind.UNION, true), 1)).hasSize(7);
    assertThat(rows(setOp(SetOp.Kind.UNION, false), 1)).hasSize(3);
    assertThat(rows(setOp(SetOp.Kind.INTERSECT, true), 1)).containsExactlyInAnyOrder("1", "1");
    assertThat(rows(setOp(SetOp.Kind.EXCEPT, true), 1)).containsExactlyInAnyOrder("1", "2");
    assertThat(rows(setOp(SetOp.Kind.EXCEPT, false), 1)).containsExactly("2");
  }

  private static Rel setOp(SetOp.Kind kind, boolean all) {
    return Rel.newBuilder()
        .setSetOp(
            SetOp.newBuilder()
                .addInputs(numbers(1, 1, 1, 2))
                .addInputs(numbers(1, 1, 3))
                .setKind(kind)
                .setAll(all))
        .build();
  }

  @Test
  void arithmeticIsChecked() {
    assertFails(
        project(numbers(Long.MAX_VALUE), call("add", INT64, column(0), literal(1))),
        ErrorCode.NUMBER_OUT_OF_RANGE,
        "the result of + does not fit BIGINT");
    assertFails(
        project(numbers(1), call("divide", INT64, column(0), literal(0))),
        ErrorCode.DIVISION_BY_ZERO,
        "division by zero");
    assertFails(
        project(
            numbers(300),
            cast(column(0), Plans.simple(dev.kelda.planner.proto.DataType.Simple.INT8))),
        ErrorCode.NUMBER_OUT_OF_RANGE,
        "300");
    assertFails(project(numbers(1), cast(literal("abc"), INT32)), ErrorCode.INVALID_CAST, "abc");
  }

  @Test
  void decimals() {
    Expr half = cast(literal("0.50"), decimal(10, 2));
    Rel plan =
        project(
            numbers(1),
            call("add", decimal(11, 2), half, half),
            call("multiply", decimal(20, 4), half, half),
            call("multiply", decimal(38, 2), half, half),
            call("divide", decimal(38, 6), half, cast(literal("3.00"), decimal(10, 2))));
    assertThat(rows(plan, 4)).containsExactly("1.00|0.2500|0.25|0.166667");
    Expr huge = cast(literal("9".repeat(38)), decimal(38, 0));
    assertFails(
        project(numbers(1), call("add", decimal(38, 0), huge, huge)),
        ErrorCode.NUMBER_OUT_OF_RANGE,
        "DECIMAL(38, 0)");
  }

  @Test
  void unknownFunctionsAndBrokenPlansAreErrors() {
    assertFails(
        project(numbers(1), call("no_such", INT64, column(0))),
        ErrorCode.INTERNAL_ERROR,
        "no_such");
    assertFails(project(numbers(1), column(9)), ErrorCode.INTERNAL_ERROR, "column 9");
    assertFails(Rel.getDefaultInstance(), ErrorCode.INTERNAL_ERROR, "Rel.kind");
  }

  @Test
  void javaScans() {
    SOURCE.batches(3, 10);
    assertThat(rows(javaScan(0, 2), 2)).hasSize(30).contains("0|row 0", "29|row 29");
    assertThat(rows(request(javaScan(2), 1, 3))).hasSize(90);
    assertThat(rows(aggregate(javaScan(), List.of(), aggregateCall("count", INT64)), 1))
        .containsExactly("30");
  }

  @Test
  void javaScanStopsAtTheLimit() {
    SOURCE.batches(Integer.MAX_VALUE, 100);
    Rel limit =
        Rel.newBuilder()
            .setSort(Sort.newBuilder().setInput(javaScan(0)).setFetch(literal(5)))
            .build();
    assertThat(rows(limit, 1)).containsExactly("0", "1", "2", "3", "4");
  }

  @Test
  void dynamicFiltersReachJavaScans() {
    SOURCE.batches(2, 10);
    assertThat(rows(join(numbers(3, 5), javaScan(0), Join.Type.INNER, key(0, 0)), 2))
        .containsExactlyInAnyOrder("3|3", "5|5");
    assertThat(SOURCE.lastRequest().getFiltersList().toString()).contains("integer: 3");
  }

  @Test
  void javaErrorsKeepTheirCode() {
    SOURCE.failing(new KeldaException(ErrorCode.REMOTE_SOURCE_ERROR, "no route to host"));
    assertFails(javaScan(0), ErrorCode.REMOTE_SOURCE_ERROR, "no route to host");
    SOURCE.failing(new IllegalStateException("odd"));
    assertFails(javaScan(0), ErrorCode.INTERNAL_ERROR, "odd");
    SOURCE.failingToOpen();
    assertFails(javaScan(0), ErrorCode.ACCESS_DENIED, "closed today");
  }

  @Test
  void javaFunctions() {
    Rel plan = project(range(100), call("strip_accents", UTF8, cast(column(0), UTF8)));
    assertThat(rows(plan, 1)).hasSize(100).contains("<42>");
    SOURCE.batches(4, 1000);
    Rel scanned = project(javaScan(2), call("strip_accents", UTF8, column(0)));
    assertThat(rows(scanned, 1)).hasSize(4000).contains("<row 3999>");
  }

  @Test
  void cancelEndsAQuery() {
    SOURCE.batches(Integer.MAX_VALUE, 10);
    Rel endless = aggregate(javaScan(0), List.of(), aggregateCall("count", INT64));
    QueryRequest request = request(endless, 1);
    try (NativeQuery query = engine.start(allocator, request)) {
      Thread.ofVirtual().start(query::cancel);
      assertThatThrownBy(() -> read(query))
          .isInstanceOfSatisfying(
              KeldaException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CANCELLED));
    }
    assertThat(engine.cancel(request.getQueryId())).isFalse();
  }

  @Test
  void closeEndsAQueryThatNobodyReads() {
    SOURCE.batches(Integer.MAX_VALUE, 10);
    engine.start(allocator, request(javaScan(0, 1, 2), 3, 4)).close();
    SOURCE.blocking();
    engine.start(allocator, request(javaScan(0), 1, 2)).close();
  }

  @Test
  void deepPlans() {
    Expr deep = column(0);
    for (int i = 0; i < 500; i++) {
      deep = call("add", INT64, deep, literal(1));
    }
    assertThat(rows(project(numbers(0), deep), 1)).containsExactly("500");
  }

  @Test
  void widePlans() {
    Expr wide =
        balanced(
            IntStream.range(0, 10_000)
                .mapToObj(i -> call("eq", BOOL, column(0), literal(i)))
                .toList());
    assertThat(rows(filter(numbers(5, -1), wide), 1)).containsExactly("5");
  }

  @Test
  void nestedPlans() {
    Rel nested = numbers(1);
    for (int i = 0; i < 300; i++) {
      nested = filter(nested, call("neq", BOOL, column(0), literal(-i - 1)));
    }
    assertThat(rows(nested, 1)).containsExactly("1");
  }

  private static Expr balanced(List<Expr> terms) {
    return terms.size() == 1
        ? terms.getFirst()
        : call(
            "or",
            BOOL,
            balanced(terms.subList(0, terms.size() / 2)),
            balanced(terms.subList(terms.size() / 2, terms.size())));
  }

  @Test
  void memoryLimit() {
    SOURCE.batches(50, 10_000);
    Rel build = join(javaScan(0), javaScan(0), Join.Type.INNER, key(0, 0));
    QueryRequest.Builder request = request(build, 2).toBuilder();
    request.getSettingsBuilder().setMemoryBytes(1 << 16);
    assertThatThrownBy(() -> rows(request.build()))
        .isInstanceOfSatisfying(
            KeldaException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.MEMORY_LIMIT_EXCEEDED);
              assertThat(e).hasMessageContaining("needs more memory");
            });
  }

  @Test
  void explainAndMetrics() {
    SOURCE.batches(1, 10);
    Rel plan = filter(javaScan(0), call("gt", BOOL, column(0), literal(7)));
    assertThat(engine.explain(request(plan, 1)))
        .contains("FilterExec")
        .contains("JavaScanExec: test rows");
    try (NativeQuery query = engine.start(allocator, request(plan, 1))) {
      assertThat(read(query)).containsExactly("8", "9");
      QueryMetrics metrics = query.metrics();
      assertThat(metrics.getOperatorsList())
          .anySatisfy(
              o -> {
                assertThat(o.getDescription()).startsWith("JavaScanExec");
                assertThat(o.getRows()).isEqualTo(10);
              });
    }
  }

  @Test
  void closingTwiceAndUsingAfterCloseAreHarmless() {
    NativeQuery query = engine.start(allocator, request(numbers(1), 1));
    query.close();
    query.close();
    assertThatThrownBy(query::metrics)
        .isInstanceOf(KeldaException.class)
        .hasMessageContaining("the query is closed");
  }

  private void assertFails(Rel plan, ErrorCode code, String message) {
    assertThatThrownBy(
            () -> rows(plan, plan.hasProject() ? plan.getProject().getExpressionsCount() : 1))
        .isInstanceOfSatisfying(
            KeldaException.class, e -> assertThat(e.code()).as(e.describe()).isEqualTo(code))
        .hasMessageContaining(message);
  }

  private List<String> rows(Rel plan, int columns) {
    return rows(request(plan, columns));
  }

  private List<String> rows(QueryRequest request) {
    try (NativeQuery query = engine.start(allocator, request)) {
      return read(query);
    }
  }

  private static List<String> read(NativeQuery query) {
    List<String> rows = new ArrayList<>();
    ArrowReader reader = query.reader();
    try {
      while (reader.loadNextBatch()) {
        VectorSchemaRoot root = reader.getVectorSchemaRoot();
        for (int i = 0; i < root.getRowCount(); i++) {
          int row = i;
          Object[] cells =
              root.getFieldVectors().stream().map((FieldVector v) -> v.getObject(row)).toArray();
          rows.add(String.join("|", Arrays.stream(cells).map(String::valueOf).toList()));
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return rows;
  }
}
