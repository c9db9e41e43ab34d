package dev.kelda.planner.encode;

import dev.kelda.planner.proto.AggregateCall;
import dev.kelda.planner.proto.DataType;
import dev.kelda.planner.proto.Expr;
import dev.kelda.planner.proto.Rel;
import dev.kelda.spi.connector.CanonicalTypes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.apache.calcite.util.ImmutableBitSet;

/** Aggregates. What is not an aggregate in truth becomes a projection above. */
final class AggregateEncoder {
  /** Duplicates change nothing. */
  private static final Set<String> INDIFFERENT = Set.of("arg_max", "arg_min");

  /** Beside the value whose duplicates go there are only separators and fractions. */
  private static final Set<String> ONE_VALUE =
      Set.of("string_agg", "quantile_cont", "quantile_disc", "percentile_cont", "percentile_disc");

  private final RelEncoder rels;

  AggregateEncoder(RelEncoder rels) {
    this.rels = rels;
  }

  Rel encode(Aggregate aggregate) {
    RelNode input = aggregate.getInput();
    List<Integer> groups = aggregate.getGroupSet().asList();
    var to =
        dev.kelda.planner.proto.Aggregate.newBuilder()
            .setInput(rels.encode(input))
            .addAllGroupBy(groups.stream().map(RexEncoder::column).toList());
    if (aggregate.getGroupSets().size() > 1) {
      for (ImmutableBitSet set : aggregate.getGroupSets()) {
        to.addGroupingSetsBuilder()
            .addAllGroupOrdinals(set.asList().stream().map(groups::indexOf).toList());
      }
    }
    List<Expr> output = new ArrayList<>();
    groups.forEach(g -> output.add(RexEncoder.column(output.size())));
    boolean plain = true;
    for (org.apache.calcite.rel.core.AggregateCall call : aggregate.getAggCallList()) {
      switch (call.getAggregation().getKind()) {
        case LITERAL_AGG -> {
          output.add(rels.over(input).encodeAs(call.rexList.getFirst(), call.getType()));
          plain = false;
        }
        case SUM0 -> {
          Expr column = RexEncoder.column(groups.size() + to.getCallsCount());
          to.addCalls(call(call, input, "sum"));
          output.add(orZero(column, call.getType()));
          plain = false;
        }
        default -> {
          output.add(RexEncoder.column(groups.size() + to.getCallsCount()));
          to.addCalls(call(call, input, RexEncoder.id(call.getAggregation())));
        }
      }
    }
    if (groups.isEmpty() && to.getCallsCount() == 0) {
      // One row whatever the input: an engine needs at least one call for that.
      to.addCalls(
          AggregateCall.newBuilder()
              .setFunction("count")
              .setType(Types.toProto(Types.INT64_FIELD)));
      plain = false;
    }
    Rel rel = Rel.newBuilder().setAggregate(to).build();
    return plain ? rel : RelEncoder.project(rel, output);
  }

  static Expr orZero(Expr column, RelDataType type) {
    DataType to = Types.toProto(type);
    Expr zero = RexEncoder.cast(LiteralEncoder.expr(LiteralEncoder.bigint(0)), to, false);
    return RexEncoder.call("coalesce", to, List.of(column, zero));
  }

  private AggregateCall call(
      org.apache.calcite.rel.core.AggregateCall call, RelNode input, String function) {
    List<RelDataTypeField> fields = input.getRowType().getFieldList();
    AggregateCall.Builder to =
        AggregateCall.newBuilder()
            .setFunction(function)
            .setDistinct(call.isDistinct() && matters(call, function))
            .setIgnoreNulls(call.ignoreNulls())
            .setType(Types.toProto(call.getType()));
    if (to.getDistinct() && call.getArgList().size() > 1 && !ONE_VALUE.contains(function)) {
      throw RexEncoder.unsupported("DISTINCT in " + call.getAggregation().getName());
    }
    boolean isGrouping = call.getAggregation().getKind() == SqlKind.GROUPING;
    for (int argument : call.getArgList()) {
      Expr column = RexEncoder.column(argument);
      RelDataType type = fields.get(argument).getType();
      Expr value =
          ConstantColumns.find(input, argument)
              .map(node -> rels.over(input).encodeAs(node, node.getType()))
              .orElse(column);
      to.addArgs(isGrouping ? column : argument(value, type, call.getType(), function));
    }
    if (call.hasFilter()) {
      to.setFilter(RexEncoder.column(call.filterArg));
    }
    call.getCollation().getFieldCollations().forEach(c -> to.addOrderBy(RelEncoder.sortKey(c)));
    return to.build();
  }

  private static boolean matters(org.apache.calcite.rel.core.AggregateCall call, String function) {
    return !INDIFFERENT.contains(function)
        && switch (call.getAggregation().getKind()) {
          case MIN, MAX, ANY_VALUE, SINGLE_VALUE -> false;
          default -> true;
        };
  }

  /** Arguments in the type in which the engine must compute; it chooses that of AVG itself. */
  static Expr argument(Expr column, RelDataType type, RelDataType result, String function) {
    boolean spread =
        switch (function) {
          case "stddev_pop", "stddev_samp", "var_pop", "var_samp" -> SqlTypeUtil.isNumeric(type);
          default -> false;
        };
    if (spread && !Types.toArrow("", type).getType().equals(CanonicalTypes.FLOAT64)) {
      return RexEncoder.cast(column, Types.toProto(result), false);
    }
    boolean wide =
        (function.equals("sum")) && SqlTypeUtil.isDecimal(result) && SqlTypeUtil.isIntType(type);
    if (wide) {
      DataType decimal =
          DataType.newBuilder()
              .setDecimal(DataType.Decimal.newBuilder().setPrecision(19).setScale(0))
              .build();
      return RexEncoder.cast(column, decimal, false);
    }
    return column;
  }
}
