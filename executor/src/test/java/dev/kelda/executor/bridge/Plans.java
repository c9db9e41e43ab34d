package dev.kelda.executor.bridge;

import dev.kelda.executor.proto.JavaScan;
import dev.kelda.executor.proto.QueryRequest;
import dev.kelda.executor.proto.QuerySettings;
import dev.kelda.executor.proto.ScanSource;
import dev.kelda.planner.proto.Aggregate;
import dev.kelda.planner.proto.AggregateCall;
import dev.kelda.planner.proto.Call;
import dev.kelda.planner.proto.Cast;
import dev.kelda.planner.proto.DataType;
import dev.kelda.planner.proto.Expr;
import dev.kelda.planner.proto.Field;
import dev.kelda.planner.proto.Filter;
import dev.kelda.planner.proto.Join;
import dev.kelda.planner.proto.Literal;
import dev.kelda.planner.proto.Plan;
import dev.kelda.planner.proto.Project;
import dev.kelda.planner.proto.Rel;
import dev.kelda.planner.proto.Scan;
import dev.kelda.planner.proto.Values;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;

/** Plans written by hand. */
final class Plans {
  static final DataType INT32 = simple(DataType.Simple.INT32);
  static final DataType INT64 = simple(DataType.Simple.INT64);
  static final DataType BOOL = simple(DataType.Simple.BOOL);
  static final DataType UTF8 = simple(DataType.Simple.UTF8);
  static final DataType FLOAT64 = simple(DataType.Simple.FLOAT64);

  private Plans() {}

  static DataType simple(DataType.Simple simple) {
    return DataType.newBuilder().setSimple(simple).build();
  }

  static DataType decimal(int precision, int scale) {
    return DataType.newBuilder()
        .setDecimal(DataType.Decimal.newBuilder().setPrecision(precision).setScale(scale))
        .build();
  }

  static Expr column(int ordinal) {
    return Expr.newBuilder().setColumn(ordinal).build();
  }

  static Expr literal(long value) {
    return integer(value, INT64);
  }

  static Expr integer(long value, DataType type) {
    return Expr.newBuilder()
        .setLiteral(Literal.newBuilder().setType(type).setInteger(value))
        .build();
  }

  static Expr literal(String value) {
    return Expr.newBuilder()
        .setLiteral(Literal.newBuilder().setType(UTF8).setString(value))
        .build();
  }

  static Expr call(String function, DataType type, Expr... args) {
    return Expr.newBuilder()
        .setCall(Call.newBuilder().setFunction(function).setType(type).addAllArgs(List.of(args)))
        .build();
  }

  static Expr cast(Expr input, DataType type) {
    return Expr.newBuilder().setCast(Cast.newBuilder().setInput(input).setType(type)).build();
  }

  static Field field(DataType type) {
    return Field.newBuilder().setName("f").setType(type).setNullable(true).build();
  }

  /** One BIGINT column. */
  static Rel numbers(long... values) {
    Values.Builder rows = Values.newBuilder().addColumns(field(INT64));
    Arrays.stream(values).forEach(v -> rows.addRows(Values.Row.newBuilder().addValues(literal(v))));
    return Rel.newBuilder().setValues(rows).build();
  }

  static Rel range(int count) {
    return numbers(IntStream.range(0, count).asLongStream().toArray());
  }

  static Rel project(Rel input, Expr... expressions) {
    return Rel.newBuilder()
        .setProject(Project.newBuilder().setInput(input).addAllExpressions(List.of(expressions)))
        .build();
  }

  static Rel filter(Rel input, Expr condition) {
    return Rel.newBuilder()
        .setFilter(Filter.newBuilder().setInput(input).setCondition(condition))
        .build();
  }

  static Rel join(Rel left, Rel right, Join.Type type, Join.Key... keys) {
    return Rel.newBuilder()
        .setJoin(
            Join.newBuilder().setLeft(left).setRight(right).setType(type).addAllKeys(List.of(keys)))
        .build();
  }

  static Join.Key key(int left, int right) {
    return Join.Key.newBuilder().setLeft(column(left)).setRight(column(right)).build();
  }

  static Rel aggregate(Rel input, List<Expr> groups, AggregateCall... calls) {
    return Rel.newBuilder()
        .setAggregate(
            Aggregate.newBuilder()
                .setInput(input)
                .addAllGroupBy(groups)
                .addAllCalls(List.of(calls)))
        .build();
  }

  static AggregateCall aggregateCall(String function, DataType type, Expr... args) {
    return AggregateCall.newBuilder()
        .setFunction(function)
        .setType(type)
        .addAllArgs(List.of(args))
        .build();
  }

  /** Scan 1: two BIGINT columns and a VARCHAR. */
  static Rel javaScan(Integer... projection) {
    return Rel.newBuilder()
        .setScan(
            Scan.newBuilder()
                .setScanId(1)
                .setLabel("test.main.rows")
                .addAllColumns(
                    List.of(
                        field(INT64),
                        field(INT64).toBuilder().setName("g").build(),
                        field(UTF8).toBuilder().setName("h").build()))
                .addAllProjection(List.of(projection)))
        .build();
  }

  static QueryRequest request(Rel root, int columns) {
    return request(root, columns, 1);
  }

  static QueryRequest request(Rel root, int columns, int scanPartitions) {
    Plan.Builder plan = Plan.newBuilder().setVersion(1).setRoot(root);
    IntStream.range(0, columns).forEach(i -> plan.addOutputNames("x"));
    return QueryRequest.newBuilder()
        .setQueryId(UUID.randomUUID().toString())
        .setPlan(plan)
        .addScans(
            ScanSource.newBuilder()
                .setScanId(1)
                .setJava(
                    JavaScan.newBuilder()
                        .setPartitions(scanPartitions)
                        .setDescription("test rows")))
        .setSettings(
            QuerySettings.newBuilder().setTargetPartitions(2).setBatchRows(8192).setTimeZone("UTC"))
        .build();
  }
}
