package dev.kelda.planner.encode;

import dev.kelda.planner.function.ModuleFunction;
import dev.kelda.planner.proto.Rel;
import dev.kelda.planner.proto.Values;
import java.util.List;
import java.util.stream.Stream;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.Union;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexDynamicParam;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexOver;
import org.apache.calcite.rex.RexSubQuery;

/** Rows that stand in the statement. */
final class ValuesEncoder {
  private final RelEncoder rels;

  ValuesEncoder(RelEncoder rels) {
    this.rels = rels;
  }

  Rel encode(org.apache.calcite.rel.core.Values values) {
    return encode(values, values.getTuples());
  }

  /** Of a union that {@link #isRows}. */
  Rel encode(Union union) {
    return encode(union, union.getInputs().stream().flatMap(ValuesEncoder::rows).toList());
  }

  private Rel encode(RelNode node, List<? extends List<? extends RexNode>> rows) {
    Values.Builder to = Values.newBuilder();
    List<RelDataTypeField> fields = node.getRowType().getFieldList();
    Types.toArrowFields(node.getRowType()).forEach(f -> to.addColumns(Types.toProtoField(f)));
    RexEncoder encoder = rels.over(node);
    for (List<? extends RexNode> values : rows) {
      Values.Row.Builder row = to.addRowsBuilder();
      for (int i = 0; i < fields.size(); i++) {
        row.addValues(encoder.encodeAs(values.get(i), fields.get(i).getType()));
      }
    }
    return Rel.newBuilder().setValues(to).build();
  }

  private static Stream<? extends List<? extends RexNode>> rows(RelNode input) {
    return input instanceof Project project
        ? Stream.of(project.getProjects())
        : ((org.apache.calcite.rel.core.Values) input).getTuples().stream();
  }

  /**
   * Whether the union is VALUES with rows that are more than literals, of which Calcite makes one
   * projection each. As a union every row would be an operator, and a file of the table that they
   * are written to.
   */
  static boolean isRows(Union union) {
    return union.all && union.getInputs().stream().allMatch(ValuesEncoder::isRows);
  }

  private static boolean isRows(RelNode input) {
    return switch (input) {
      case org.apache.calcite.rel.core.Values values -> true;
      case Project project ->
          project.getInput() instanceof org.apache.calcite.rel.core.Values values
              && values.getTuples().size() == 1
              && project.getProjects().stream().allMatch(ValuesEncoder::isConstant);
      default -> false;
    };
  }

  private static boolean isConstant(RexNode node) {
    return switch (node) {
      case RexLiteral literal -> true;
      case RexDynamicParam parameter -> true;
      case RexOver over -> false;
      case RexSubQuery query -> false;
      // Models run in batches, while the query runs.
      case RexCall call ->
          !(call.getOperator() instanceof ModuleFunction)
              && call.getOperands().stream().allMatch(ValuesEncoder::isConstant);
      default -> false;
    };
  }
}
