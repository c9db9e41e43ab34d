package dev.kelda.planner.decorrelate;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.AggregateCall;
import org.apache.calcite.rel.logical.LogicalAggregate;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlFunction;
import org.apache.calcite.sql.SqlFunctionCategory;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.OperandTypes;
import org.apache.calcite.sql.type.ReturnTypes;

/**
 * The check that a scalar sub-query has one row, apart from its value: for many outer rows at once
 * an aggregate may see rows that are of none of them, which must not fail.
 */
public final class SingleRow {
  /** (number of rows, value): the value, or an error when there are several rows. */
  public static final SqlFunction OPERATOR =
      new SqlFunction(
          "$SINGLE_ROW",
          SqlKind.OTHER_FUNCTION,
          ReturnTypes.ARG1_NULLABLE,
          null,
          OperandTypes.ANY_ANY,
          SqlFunctionCategory.SYSTEM);

  private SingleRow() {}

  /** With the check above all total aggregates of the relation. */
  static RelNode checked(RelNode rel) {
    return rel.accept(
        new RelHomogeneousShuttle() {
          @Override
          public RelNode visit(LogicalAggregate aggregate) {
            RelNode visited = super.visit(aggregate);
            return visited instanceof LogicalAggregate a && isSingleValue(a) ? checked(a) : visited;
          }
        });
  }

  private static boolean isSingleValue(LogicalAggregate aggregate) {
    return aggregate.getGroupCount() == 0
        && !aggregate.getAggCallList().isEmpty()
        && aggregate.getAggCallList().stream()
            .allMatch(c -> c.getAggregation().getKind() == SqlKind.SINGLE_VALUE);
  }

  private static RelNode checked(LogicalAggregate aggregate) {
    RelNode input = aggregate.getInput();
    RexBuilder rex = aggregate.getCluster().getRexBuilder();
    List<AggregateCall> calls = new ArrayList<>();
    calls.add(TotalAggregates.call(SqlStdOperatorTable.COUNT, List.of(), input));
    for (AggregateCall single : aggregate.getAggCallList()) {
      calls.add(TotalAggregates.call(SqlStdOperatorTable.ANY_VALUE, single.getArgList(), input));
    }
    RelNode counted = TotalAggregates.of(input, calls);
    List<RexNode> values = new ArrayList<>();
    for (int i = 1; i < calls.size(); i++) {
      values.add(
          rex.makeCall(OPERATOR, rex.makeInputRef(counted, 0), rex.makeInputRef(counted, i)));
    }
    return LogicalProject.create(
        counted, List.of(), values, aggregate.getRowType().getFieldNames(), Set.of());
  }
}
