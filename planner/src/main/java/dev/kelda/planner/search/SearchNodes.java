package dev.kelda.planner.search;

import dev.kelda.planner.search.SearchNode.Branch;
import dev.kelda.planner.search.SearchNode.Spec;
import dev.kelda.spi.connector.Search;
import java.math.BigDecimal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.TableScan;
import org.apache.calcite.rel.logical.LogicalCorrelate;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.logical.LogicalValues;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexCorrelVariable;
import org.apache.calcite.rex.RexFieldAccess;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexUtil;

/** Search nodes of converted SELECTs, and of LATERAL joins with them. */
public final class SearchNodes {
  private static final int DEFAULT_ROWS = 10;

  private SearchNodes() {}

  /** The node for a projection made of a {@link SearchSelect}; any other stays as it is. */
  public static RelNode of(RelNode converted) {
    if (!(converted instanceof Project project)) {
      return converted;
    }
    Optional<RexCall> marker =
        project.getProjects().stream()
            .filter(p -> p instanceof RexCall call && call.getOperator() instanceof SearchOperator)
            .map(RexCall.class::cast)
            .findFirst();
    return marker.map(m -> node(project, m)).orElse(project);
  }

  private static RelNode node(Project project, RexCall marker) {
    SearchOperator operator = (SearchOperator) marker.getOperator();
    Search search = operator.search();
    RexBuilder rex = project.getCluster().getRexBuilder();
    List<RexNode> operands = marker.getOperands();
    int queries = search.branches().size();
    List<RexNode> expressions = new ArrayList<>();
    List<Branch> branches = new ArrayList<>();
    for (int i = 0; i < queries; i++) {
      boolean vectors = search.branches().get(i).measure().ofVectors();
      expressions.add(vectors ? vector(operands.get(i), rex) : operands.get(i));
      branches.add(
          new Branch(i, count(operator.counts().get(i), operands, rex), operator.columns().get(i)));
    }
    RelNode input =
        LogicalProject.create(
            LogicalValues.createOneRow(project.getCluster()),
            List.of(),
            expressions,
            IntStream.range(0, queries).mapToObj(i -> "$query" + i).toList(),
            Set.of());
    RelNode rows = project.getInput();
    Optional<RelOptTable> found = operator.addressed().map(a -> scan(rows).getTable());
    int address = operator.addressed().map(SearchOperator.Rows::width).orElse(-1);
    int width = operator.addressed().isPresent() ? address : rows.getRowType().getFieldCount();
    Spec spec =
        new Spec(
            search,
            branches,
            search.fusion().map(f -> count(operator.counts().get(queries), operands, rex)),
            found,
            address,
            IntStream.range(0, width).boxed().toList(),
            false);
    RelNode node = SearchNode.create(input, rows, spec);
    List<RexNode> output = new ArrayList<>();
    for (RexNode expression : project.getProjects()) {
      output.add(
          switch (expression) {
            case RexInputRef ref -> rex.makeInputRef(node, queries + ref.getIndex());
            case RexCall call when call.getOperator() instanceof SearchOperator ->
                rex.makeInputRef(node, queries + width);
            default -> rex.makeInputRef(node, queries + width + 1);
          });
    }
    return LogicalProject.create(
        node, List.of(), output, project.getRowType().getFieldNames(), Set.of());
  }

  private static TableScan scan(RelNode rows) {
    return rows instanceof TableScan scan ? scan : scan(rows.getInput(0));
  }

  private static RexNode count(Optional<Integer> operand, List<RexNode> operands, RexBuilder rex) {
    return operand
        .map(operands::get)
        .map(RexUtil::removeCast)
        .orElseGet(() -> rex.makeBigintLiteral(BigDecimal.valueOf(DEFAULT_ROWS)));
  }

  private static RexNode vector(RexNode query, RexBuilder rex) {
    RelDataType wanted = SearchOperator.vector(rex.getTypeFactory());
    RelDataType element = query.getType().getComponentType();
    boolean fits =
        element != null && element.getSqlTypeName() == wanted.getComponentType().getSqlTypeName();
    return fits ? query : rex.makeCast(wanted, query);
  }

  /**
   * Joins of rows with searches by their values become one search with the rows as its queries,
   * also in sub-queries. Other joins stay as they are.
   */
  public static RelNode lateral(RelNode root) {
    return root.accept(
        new RelHomogeneousShuttle() {
          @Override
          public RelNode visit(RelNode other) {
            RelNode node = super.visit(other).accept(new OfSubQueries());
            return node instanceof LogicalCorrelate correlate ? lateral(correlate) : node;
          }
        });
  }

  private static final class OfSubQueries extends RexShuttle {
    @Override
    public RexNode visitSubQuery(RexSubQuery query) {
      RelNode rel = lateral(query.rel);
      return rel == query.rel ? super.visitSubQuery(query) : query.clone(rel);
    }
  }

  private static RelNode lateral(LogicalCorrelate correlate) {
    boolean outer = correlate.getJoinType() == JoinRelType.LEFT;
    if (!outer && correlate.getJoinType() != JoinRelType.INNER) {
      return correlate;
    }
    Deque<RelNode> above = new ArrayDeque<>();
    RelNode right = correlate.getRight();
    while (right instanceof LogicalProject || right instanceof LogicalFilter && !outer) {
      above.push(right);
      right = right.getInput(0);
    }
    boolean fits =
        right instanceof SearchNode search
            && search.queries() instanceof LogicalProject project
            && project.getInput() instanceof LogicalValues
            && !RelOptUtil.getVariablesUsed(search.rows()).contains(correlate.getCorrelationId());
    return fits ? lateral(correlate, (SearchNode) right, above, outer) : correlate;
  }

  private static RelNode lateral(
      LogicalCorrelate correlate, SearchNode search, Deque<RelNode> above, boolean outer) {
    RelNode left = correlate.getLeft();
    int width = left.getRowType().getFieldCount();
    CorrelationId id = correlate.getCorrelationId();
    LogicalProject single = (LogicalProject) search.queries();
    Beside outerRow = new Beside(id, left, 0);
    RelNode queries = beside(left, width, single.getProjects(), single.getRowType(), outerRow);
    Spec spec = search.spec().shiftedQueries(width);
    RelNode node = SearchNode.create(queries, search.rows(), outer ? spec.asOuter() : spec);
    for (RelNode next : above) {
      RelNode input = node;
      Beside shift = new Beside(id, input, width);
      node =
          switch (next) {
            case LogicalFilter filter ->
                LogicalFilter.create(input, filter.getCondition().accept(shift));
            case LogicalProject project ->
                beside(input, width, project.getProjects(), project.getRowType(), shift);
            default -> throw new IllegalStateException(next.toString());
          };
    }
    return RelOptUtil.createCastRel(node, correlate.getRowType(), true);
  }

  /** The first columns of the input and then the expressions. */
  private static RelNode beside(
      RelNode input, int kept, List<RexNode> expressions, RelDataType row, Beside shift) {
    RexBuilder rex = input.getCluster().getRexBuilder();
    List<RexNode> all = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < kept; i++) {
      all.add(rex.makeInputRef(input, i));
      names.add(input.getRowType().getFieldNames().get(i));
    }
    all.addAll(shift.apply(expressions));
    names.addAll(row.getFieldNames());
    boolean subQueries = expressions.stream().anyMatch(e -> RexUtil.SubQueryFinder.find(e) != null);
    Set<CorrelationId> used = subQueries ? Set.of(shift.id) : Set.of();
    return LogicalProject.create(input, List.of(), all, names, used);
  }

  /** Fields of the outer row become columns; columns move behind them. */
  private static final class Beside extends RexShuttle {
    private final CorrelationId id;
    private final RelNode input;
    private final int by;

    Beside(CorrelationId id, RelNode input, int by) {
      this.id = id;
      this.input = input;
      this.by = by;
    }

    @Override
    public RexNode visitInputRef(RexInputRef ref) {
      return new RexInputRef(ref.getIndex() + by, typeAt(ref.getIndex() + by));
    }

    @Override
    public RexNode visitFieldAccess(RexFieldAccess access) {
      if (access.getReferenceExpr() instanceof RexCorrelVariable variable
          && variable.id.equals(id)) {
        int column = access.getField().getIndex();
        return new RexInputRef(column, typeAt(column));
      }
      return super.visitFieldAccess(access);
    }

    private RelDataType typeAt(int column) {
      return input.getRowType().getFieldList().get(column).getType();
    }
  }
}
