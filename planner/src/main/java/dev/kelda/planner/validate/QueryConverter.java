package dev.kelda.planner.validate;

import dev.kelda.parser.SqlAsofJoin;
import dev.kelda.planner.catalog.CatalogReader;
import dev.kelda.planner.rules.CommonRows;
import dev.kelda.planner.rules.PointInTimeJoins;
import dev.kelda.planner.search.SearchNodes;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlJoin;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.SqlWithItem;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.apache.calcite.sql.util.SqlBasicVisitor;
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

  private final Names names = new Names();

  /** The numbers of CTEs whose rows have to be the same wherever they are read. */
  private final Map<SqlWithItem, Integer> commonRows = new IdentityHashMap<>();

  public QueryConverter(
      SqlValidator validator,
      CatalogReader catalog,
      RelOptCluster cluster,
      RelOptTable.ViewExpander views) {
    super(views, validator, catalog, cluster, Convertlets.INSTANCE, CONFIG);
  }

  @Override
  public RelRoot convertQuery(SqlNode query, boolean validate, boolean top) {
    query.accept(names);
    return super.convertQuery(query, validate, top);
  }

  /** How often each name of one part is written. */
  private static final class Names extends SqlBasicVisitor<Void> {
    private final Map<String, Integer> written = new HashMap<>();

    @Override
    public Void visit(SqlIdentifier name) {
      if (name.isSimple()) {
        written.merge(name.getSimple().toLowerCase(Locale.ROOT), 1, Integer::sum);
      }
      return null;
    }

    /** Whether a name stands where it is defined and in two more places at least. */
    boolean maybeReadTwice(SqlWithItem cte) {
      return written.getOrDefault(cte.name.getSimple().toLowerCase(Locale.ROOT), 0) > 2;
    }
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
    if (from instanceof SqlWithItem cte
        && names.maybeReadTwice(cte)
        && CommonRows.areNeeded(board.root())) {
      // Correlation ids are numbers that nothing else in the statement has.
      int number = commonRows.computeIfAbsent(cte, c -> cluster.createCorrel().getId());
      board.setRoot(CommonRows.create(board.root(), number), true);
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
