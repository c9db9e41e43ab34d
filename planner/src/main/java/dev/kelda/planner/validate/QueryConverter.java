package dev.kelda.planner.validate;

import dev.kelda.parser.SqlAsofJoin;
import dev.kelda.planner.catalog.CatalogReader;
import dev.kelda.planner.rules.PointInTimeJoins;
import dev.kelda.planner.search.SearchNodes;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelRoot;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.logical.LogicalJoin;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlJoin;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.apache.calcite.sql.validate.SqlValidator;
import org.apache.calcite.sql2rel.SqlToRelConverter;
import org.apache.calcite.util.Pair;

/**
 * A validated query to a relational tree; as-of joins and searches become our own nodes at once.
 */
public final class QueryConverter extends SqlToRelConverter {
  private static final Config CONFIG =
      SqlToRelConverter.config()
          .withExpand(false)
          .withInSubQueryThreshold(Integer.MAX_VALUE)
          .withRelBuilderConfigTransform(c -> c.withBloat(-1))
          .withTrimUnusedFields(false)
          .withDecorrelationEnabled(false);

  /** The joins being converted, innermost first. */
  private final Deque<SqlJoin> joins = new ArrayDeque<>();

  public QueryConverter(
      SqlValidator validator,
      CatalogReader catalog,
      RelOptCluster cluster,
      RelOptTable.ViewExpander views) {
    super(views, validator, catalog, cluster, Convertlets.INSTANCE, CONFIG);
  }

  /**
   * Calcite refuses a query whose columns may be NULL where its validator has not seen it, as with
   * {@code SELECT NULL UNION ALL SELECT ARRAY[1]}. The tree is right.
   */
  @Override
  protected RelRoot convertQueryRecursive(SqlNode query, boolean top, RelDataType target) {
    RelRoot root = super.convertQueryRecursive(query, top, target);
    QueryValidator types = (QueryValidator) validator;
    RelDataType validated = types.getValidatedNodeTypeIfKnown(query);
    RelDataType converted = root.rel.getRowType();
    if (top && validated != null && sameButForNulls(validated, converted)) {
      types.setType(query, converted);
    }
    return root;
  }

  private boolean sameButForNulls(RelDataType one, RelDataType other) {
    return one.isStruct()
        && one.getFieldNames().equals(other.getFieldNames())
        && Pair.zip(one.getFieldList(), other.getFieldList()).stream()
            .allMatch(
                pair ->
                    SqlTypeUtil.equalSansNullability(
                        typeFactory, pair.left.getType(), pair.right.getType()));
  }

  @Override
  public RelNode convertSelect(SqlSelect select, boolean top) {
    return SearchNodes.of(super.convertSelect(select, top));
  }

  @Override
  protected void convertFrom(Blackboard board, SqlNode from, List<String> fieldNames) {
    if (from instanceof SqlJoin join) {
      joins.push(join);
      super.convertFrom(board, from, fieldNames);
      joins.pop();
    } else {
      super.convertFrom(board, from, fieldNames);
    }
  }

  @Override
  protected RelNode createJoin(
      Blackboard board, RelNode left, RelNode right, RexNode condition, JoinRelType type) {
    SqlJoin written = joins.peek();
    Optional<SqlNode> common = ((QueryValidator) validator).commonCondition(written);
    if (common.isPresent() || written instanceof SqlAsofJoin) {
      board.setRoot(
          LogicalJoin.create(
              left, right, List.of(), rexBuilder.makeLiteral(true), Set.of(), JoinRelType.INNER),
          false);
    }
    RexNode keys = common.map(board::convertExpression).orElse(condition);
    if (!(written instanceof SqlAsofJoin join)) {
      return super.createJoin(board, left, right, keys, type);
    }
    RexNode match = board.convertExpression(join.matchCondition());
    Optional<RexNode> tolerance = join.tolerance().map(board::convertExpression);
    Optional<RexNode> knownAt = join.knownAt().map(board::convertExpression);
    boolean inner = type == JoinRelType.INNER;
    return PointInTimeJoins.create(
        left, right, keys, match, tolerance, knownAt, join.ofTimeline(), inner, join);
  }
}
