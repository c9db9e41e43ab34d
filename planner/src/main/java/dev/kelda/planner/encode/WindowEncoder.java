package dev.kelda.planner.encode;

import dev.kelda.planner.proto.Expr;
import dev.kelda.planner.proto.Frame;
import dev.kelda.planner.proto.Rel;
import dev.kelda.planner.proto.WindowCall;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.IntUnaryOperator;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Window;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexWindowBound;
import org.apache.calcite.rex.RexWindowExclusion;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.type.SqlTypeUtil;

/** Window functions. Calcite keeps their constants beside the row; here they go back into place. */
final class WindowEncoder {
  private static final Set<String> SHIFTS = Set.of("lag", "lead");

  private final RelEncoder rels;

  WindowEncoder(RelEncoder rels) {
    this.rels = rels;
  }

  Rel encode(Window window) {
    RelNode input = window.getInput();
    int width = input.getRowType().getFieldCount();
    RexShuttle constants =
        new RexShuttle() {
          @Override
          public RexNode visitInputRef(RexInputRef ref) {
            return ref.getIndex() < width ? ref : window.getConstants().get(ref.getIndex() - width);
          }
        };
    var to = dev.kelda.planner.proto.Window.newBuilder().setInput(rels.encode(input));
    List<Expr> output = new ArrayList<>();
    for (int i = 0; i < width; i++) {
      output.add(RexEncoder.column(i));
    }
    boolean plain = true;
    for (Window.Group group : window.groups) {
      for (Window.RexWinAggCall call : group.aggCalls) {
        boolean sum0 = call.getOperator().getKind() == SqlKind.SUM0;
        Expr column = RexEncoder.column(output.size());
        output.add(sum0 ? AggregateEncoder.orZero(column, call.getType()) : column);
        plain &= !sum0;
        to.addCalls(call(group, call, constants, input, sum0));
      }
    }
    Rel rel = Rel.newBuilder().setWindow(to).build();
    return plain ? rel : RelEncoder.project(rel, output);
  }

  private WindowCall call(
      Window.Group group,
      Window.RexWinAggCall call,
      RexShuttle constants,
      RelNode input,
      boolean sum0) {
    if (group.exclude != RexWindowExclusion.EXCLUDE_NO_OTHER) {
      throw RexEncoder.unsupported("EXCLUDE in a window frame");
    }
    requireForward(group, constants);
    refuseIntervals(group, input);
    RexEncoder encoder =
        new RexEncoder(rels.rex(), IntUnaryOperator.identity(), input.getRowType().getFieldCount());
    String function = sum0 ? "sum" : RexEncoder.id(call.getOperator());
    WindowCall.Builder to =
        WindowCall.newBuilder()
            .setFunction(function)
            .setDistinct(call.distinct)
            .setIgnoreNulls(call.ignoreNulls)
            .setType(Types.toProto(call.getType()))
            .addAllPartitionBy(group.keys.asList().stream().map(RexEncoder::column).toList());
    for (RexNode operand : call.getOperands()) {
      RexNode value = operand.accept(constants);
      boolean isValue = to.getArgsCount() == 0 && !function.equals("ntile");
      RexNode node = isValue ? value : constant(value, input);
      if (to.getArgsCount() == 1) {
        requireOffset(node, function);
      }
      RelDataType type = node.getType();
      boolean isDefault = to.getArgsCount() == 2 && SHIFTS.contains(function);
      to.addArgs(
          isDefault
              ? encoder.encodeAs(node, call.getOperands().get(0).accept(constants).getType())
              : AggregateEncoder.argument(encoder.encode(node), type, call.getType(), function));
    }
    group.orderKeys.getFieldCollations().forEach(c -> to.addOrderBy(RelEncoder.sortKey(c)));
    to.setFrame(
        Frame.newBuilder()
            .setUnit(group.isRows ? Frame.Unit.ROWS : Frame.Unit.RANGE)
            .setStart(bound(group.lowerBound, constants, input, encoder))
            .setEnd(bound(group.upperBound, constants, input, encoder)));
    return to.build();
  }

  /** Of the second argument. */
  private static void requireOffset(RexNode offset, String function) {
    if (SHIFTS.contains(function) && offset instanceof RexInputRef) {
      throw RexEncoder.unsupported(
          "an offset of " + function.toUpperCase(Locale.ROOT) + " that differs between rows");
    }
    if (function.equals("nth_value")
        && offset instanceof RexLiteral literal
        && literal.getValue() instanceof BigDecimal number
        && number.signum() <= 0) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT, "NTH_VALUE counts rows from 1, not from " + number);
    }
  }

  private static void refuseIntervals(Window.Group group, RelNode input) {
    boolean offset =
        !group.isRows
            && (group.lowerBound.getOffset() != null || group.upperBound.getOffset() != null);
    boolean intervals =
        group.orderKeys.getKeys().stream()
            .anyMatch(
                key ->
                    SqlTypeUtil.isInterval(input.getRowType().getFieldList().get(key).getType()));
    if (offset && intervals) {
      throw RexEncoder.unsupported("RANGE with an offset over intervals");
    }
  }

  private static void requireForward(Window.Group group, RexShuttle constants) {
    RexWindowBound start = group.lowerBound;
    RexWindowBound end = group.upperBound;
    boolean sameSide =
        start.isPreceding() && end.isPreceding() || start.isFollowing() && end.isFollowing();
    if (sameSide
        && offset(start, constants) instanceof BigDecimal from
        && offset(end, constants) instanceof BigDecimal to
        && (start.isPreceding() ? from.compareTo(to) < 0 : from.compareTo(to) > 0)) {
      throw new KeldaException(
          ErrorCode.INVALID_STATEMENT, "a window frame ends before it begins: exchange its bounds");
    }
  }

  private static Object offset(RexWindowBound bound, RexShuttle constants) {
    return bound.getOffset() != null
            && bound.getOffset().accept(constants) instanceof RexLiteral literal
        ? literal.getValue()
        : null;
  }

  private static RexNode constant(RexNode node, RelNode input) {
    return node instanceof RexInputRef ref
        ? ConstantColumns.find(input, ref.getIndex()).orElse(node)
        : node;
  }

  private static Frame.Bound bound(
      RexWindowBound bound, RexShuttle constants, RelNode input, RexEncoder encoder) {
    Frame.Bound.Builder to = Frame.Bound.newBuilder();
    if (bound.isCurrentRow()) {
      return to.setKind(Frame.Bound.Kind.CURRENT_ROW).build();
    }
    if (bound.isUnbounded()) {
      return to.setKind(
              bound.isPreceding()
                  ? Frame.Bound.Kind.UNBOUNDED_PRECEDING
                  : Frame.Bound.Kind.UNBOUNDED_FOLLOWING)
          .build();
    }
    return to.setKind(bound.isPreceding() ? Frame.Bound.Kind.PRECEDING : Frame.Bound.Kind.FOLLOWING)
        .setOffset(encoder.encode(constant(bound.getOffset().accept(constants), input)))
        .build();
  }
}
