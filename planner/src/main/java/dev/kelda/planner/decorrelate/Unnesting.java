package dev.kelda.planner.decorrelate;

import dev.kelda.planner.rules.PointInTimeJoin;
import dev.kelda.planner.search.SearchNode;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelCollations;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.AggregateCall;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.core.SetOp;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rel.core.Uncollect;
import org.apache.calcite.rel.logical.LogicalAggregate;
import org.apache.calcite.rel.logical.LogicalCorrelate;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalJoin;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexOver;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.util.ImmutableBitSet;

/**
 * The relations of one sub-query for all outer rows at once, from the top down. A relation that
 * does not look at the outer row is joined with the different values of what is wanted of it,
 * unless a condition says by {@code =} which those are.
 */
final class Unnesting {
  private final OuterRow outer;
  private final RexBuilder rex;

  Unnesting(OuterRow outer) {
    this.outer = outer;
    this.rex = outer.rel().getCluster().getRexBuilder();
  }

  /**
   * @param wanted fields of the outer row whose values are needed beside the rows
   * @throws KeldaException NOT_SUPPORTED for an operator that cannot be computed for many outer
   *     rows
   */
  Unnested of(RelNode rel, ImmutableBitSet wanted) {
    if (!outer.isUsedIn(rel)) {
      RelNode rows = Decorrelator.decorrelate(rel);
      return wanted.isEmpty()
          ? new Unnested(rows, new TreeMap<>(), wanted)
          : Unnested.ofLast(outer.beside(rows, wanted), wanted, ImmutableBitSet.of());
    }
    return switch (rel) {
      case LogicalFilter filter -> filter(filter, wanted);
      case LogicalProject project -> project(project, wanted);
      case LogicalAggregate aggregate -> aggregate(aggregate, wanted);
      case Sort sort -> sort(sort, wanted);
      case LogicalJoin join -> join(join, wanted);
      case LogicalCorrelate correlate -> correlate(correlate, wanted);
      case SetOp setOp -> setOp(setOp, wanted);
      case Uncollect uncollect -> uncollect(uncollect, wanted);
      case PointInTimeJoin join -> first(join, wanted);
      case SearchNode search -> first(search, wanted);
      default -> throw unsupported(rel.getRelTypeName());
    };
  }

  private static KeldaException unsupported(String what) {
    return new KeldaException(
        ErrorCode.NOT_SUPPORTED, "a correlated sub-query with " + what + " is not supported");
  }

  private Unnested filter(LogicalFilter filter, ImmutableBitSet wanted) {
    RelNode input = filter;
    List<RexNode> conjuncts = new ArrayList<>();
    while (input instanceof LogicalFilter next) {
      conjuncts.addAll(RelOptUtil.conjunctions(next.getCondition()));
      input = next.getInput();
    }
    if (!outer.isUsedIn(input)) {
      SortedMap<Integer, RexNode> equal = new TreeMap<>();
      List<RexNode> rest = new ArrayList<>();
      for (RexNode conjunct : conjuncts) {
        if (!addEqual(conjunct, equal)) {
          rest.add(conjunct);
        }
      }
      if (ImmutableBitSet.of(equal.keySet()).contains(wanted.union(outer.fields(rest)))) {
        return conditions(equal(Decorrelator.decorrelate(input), equal), rest);
      }
    }
    return conditions(of(input, wanted.union(outer.fields(conjuncts))), conjuncts);
  }

  private Unnested conditions(Unnested input, List<RexNode> conjuncts) {
    RexNode condition = RexUtil.composeConjunction(rex, conjuncts);
    return input.with(filtered(input.rel(), input.over(outer, condition)));
  }

  private RelNode filtered(RelNode rel, RexNode condition) {
    return condition.isAlwaysTrue() ? rel : LogicalFilter.create(rel, condition);
  }

  /** Takes {@code field = expression}, the first for each field. */
  private boolean addEqual(RexNode conjunct, SortedMap<Integer, RexNode> equal) {
    if (!conjunct.isA(SqlKind.EQUALS)) {
      return false;
    }
    List<RexNode> sides = ((RexCall) conjunct).getOperands();
    boolean left = outer.field(sides.get(0)) >= 0;
    int field = outer.field(sides.get(left ? 0 : 1));
    RexNode own = sides.get(left ? 1 : 0);
    boolean fits =
        field >= 0
            && RexUtil.isDeterministic(own)
            && RexUtil.containsInputRef(own)
            && !RexUtil.containsCorrelation(own)
            && own.getType().getSqlTypeName() == sides.get(left ? 0 : 1).getType().getSqlTypeName();
    return fits && equal.putIfAbsent(field, own) == null;
  }

  /** The values of fields that equal expressions over the rows. */
  private Unnested equal(RelNode rows, SortedMap<Integer, RexNode> equal) {
    List<RexNode> columns = new ArrayList<>();
    for (int i = 0; i < rows.getRowType().getFieldCount(); i++) {
      columns.add(rex.makeInputRef(rows, i));
    }
    int width = columns.size();
    columns.addAll(equal.values());
    RelNode project =
        LogicalProject.create(rows, List.of(), columns, (List<String>) null, Set.of());
    List<RexNode> known = new ArrayList<>();
    for (int i = width; i < columns.size(); i++) {
      if (columns.get(i).getType().isNullable()) {
        known.add(rex.makeCall(SqlStdOperatorTable.IS_NOT_NULL, rex.makeInputRef(project, i)));
      }
    }
    ImmutableBitSet fields = ImmutableBitSet.of(equal.keySet());
    RelNode rel = filtered(project, RexUtil.composeConjunction(rex, known));
    return Unnested.ofLast(rel, fields, fields);
  }

  private Unnested project(LogicalProject project, ImmutableBitSet wanted) {
    Unnested input = of(project.getInput(), wanted.union(outer.fields(project.getProjects())));
    List<RexNode> expressions = input.shuttle(outer).apply(project.getProjects());
    if (RexOver.containsOver(expressions, null)) {
      expressions = new Partitions(rex, input.refs(input.columns())).apply(expressions);
    }
    return input.project(expressions, project.getRowType().getFieldNames());
  }

  private Unnested aggregate(LogicalAggregate aggregate, ImmutableBitSet wanted) {
    boolean total = aggregate.getGroupSets().stream().anyMatch(ImmutableBitSet::isEmpty);
    if (total && aggregate.getGroupSets().size() > 1) {
      throw unsupported("a grouping set () beside others");
    }
    Unnested input = of(aggregate.getInput(), wanted);
    return total ? total(aggregate, input) : grouped(aggregate, input);
  }

  /** The groups of each outer row; an outer row without rows has none. */
  Unnested grouped(Aggregate aggregate, Unnested rows) {
    Unnested input = rows.project(aggregate.getInput(), i -> i);
    ImmutableBitSet outerColumns = input.columns();
    LogicalAggregate grouped =
        LogicalAggregate.create(
            input.rel(),
            List.of(),
            aggregate.getGroupSet().union(outerColumns),
            aggregate.getGroupSets().stream().map(s -> s.union(outerColumns)).toList(),
            retyped(aggregate, input.rel(), aggregate.getAggCallList()));
    int keys = aggregate.getGroupCount();
    int added = outerColumns.cardinality();
    SortedMap<Integer, Integer> columns = new TreeMap<>();
    int column = keys;
    for (int field : input.fields()) {
      columns.put(field, column++);
    }
    return new Unnested(grouped, columns, input.strict())
        .project(aggregate, i -> i < keys ? i : i + added);
  }

  private static List<AggregateCall> retyped(
      Aggregate aggregate, RelNode input, List<AggregateCall> calls) {
    int groups = aggregate.getGroupCount();
    List<AggregateCall> all = new ArrayList<>();
    for (AggregateCall call : calls) {
      all.add(call.adaptTo(input, call.getArgList(), call.filterArg, groups, groups + 1));
    }
    return all;
  }

  /** One row for each outer row: rows of an outer row without any count as left out by FILTER. */
  private Unnested total(LogicalAggregate aggregate, Unnested rows) {
    ImmutableBitSet fields = rows.fields();
    RelNode domain = outer.domain(fields);
    List<RexNode> marked = new ArrayList<>(rows.refs(range(rows.rel())));
    marked.add(rex.makeLiteral(true));
    RelNode present =
        LogicalProject.create(rows.rel(), List.of(), marked, (List<String>) null, Set.of());
    int offset = fields.cardinality();
    List<RexNode> conditions = rows.isOf(f -> rex.makeInputRef(domain, fields.indexOf(f)), offset);
    RelNode joined =
        LogicalJoin.create(
            domain,
            present,
            List.of(),
            RexUtil.composeConjunction(rex, conditions),
            Set.of(),
            JoinRelType.LEFT);
    List<RexNode> columns = new ArrayList<>();
    range(joined).forEach(i -> columns.add(rex.makeInputRef(joined, i)));
    RexNode mark = columns.getLast();
    List<AggregateCall> calls = new ArrayList<>();
    for (AggregateCall call : aggregate.getAggCallList()) {
      RexNode filter = mark;
      if (call.hasFilter()) {
        filter =
            RexUtil.composeConjunction(rex, List.of(mark, columns.get(call.filterArg + offset)));
      }
      columns.add(rex.makeCall(SqlStdOperatorTable.IS_TRUE, filter));
      calls.add(
          call.withArgList(call.getArgList().stream().map(a -> a + offset).toList())
              .withFilter(columns.size() - 1)
              .withCollation(RelCollations.shift(call.collation, offset)));
    }
    RelNode input =
        LogicalProject.create(joined, List.of(), columns, (List<String>) null, Set.of());
    ImmutableBitSet keys = ImmutableBitSet.range(offset);
    List<AggregateCall> retyped = new ArrayList<>();
    for (AggregateCall call : calls) {
      retyped.add(call.adaptTo(input, call.getArgList(), call.filterArg, 0, offset));
    }
    RelNode grouped = LogicalAggregate.create(input, List.of(), keys, null, retyped);
    SortedMap<Integer, Integer> columnOf = new TreeMap<>();
    fields.forEach(f -> columnOf.put(f, fields.indexOf(f)));
    return new Unnested(grouped, columnOf, ImmutableBitSet.of())
        .project(aggregate, i -> i + offset);
  }

  private static List<Integer> range(RelNode rel) {
    return IntStream.range(0, rel.getRowType().getFieldCount()).boxed().toList();
  }

  /** The order of a sub-query's rows means nothing; its first rows are those of each outer row. */
  private Unnested sort(Sort sort, ImmutableBitSet wanted) {
    Unnested input = of(sort.getInput(), wanted);
    if (sort.fetch == null && sort.offset == null) {
      return input;
    }
    List<RexNode> columns = new ArrayList<>(input.refs(range(input.rel())));
    columns.add(Partitions.rowNumber(input, sort.getCollation()));
    RelNode numbered =
        LogicalProject.create(input.rel(), List.of(), columns, (List<String>) null, Set.of());
    RexNode number = rex.makeInputRef(numbered, columns.size() - 1);
    RexNode before =
        sort.offset == null ? rex.makeBigintLiteral(BigDecimal.ZERO) : bigint(sort.offset);
    List<RexNode> conditions = new ArrayList<>();
    if (sort.offset != null) {
      conditions.add(rex.makeCall(SqlStdOperatorTable.GREATER_THAN, number, before));
    }
    if (sort.fetch != null) {
      RexNode last =
          sort.offset == null
              ? bigint(sort.fetch)
              : rex.makeCall(SqlStdOperatorTable.PLUS, before, bigint(sort.fetch));
      conditions.add(rex.makeCall(SqlStdOperatorTable.LESS_THAN_OR_EQUAL, number, last));
    }
    RelNode first = LogicalFilter.create(numbered, RexUtil.composeConjunction(rex, conditions));
    return input.with(first).project(sort, i -> i);
  }

  private RexNode bigint(RexNode count) {
    return rex.ensureType(rex.getTypeFactory().createSqlType(SqlTypeName.BIGINT), count, false);
  }

  private Unnested join(LogicalJoin join, ImmutableBitSet wanted) {
    JoinRelType type = join.getJoinType();
    ImmutableBitSet condition = outer.fields(List.of(join.getCondition()));
    ImmutableBitSet ofLeft = outer.fields(join.getLeft());
    ImmutableBitSet ofRight = outer.fields(join.getRight());
    ImmutableBitSet all = wanted.union(condition).union(ofLeft).union(ofRight);
    ImmutableBitSet left;
    ImmutableBitSet right;
    switch (type) {
      case INNER -> {
        boolean onlyRight = ofLeft.isEmpty() && !ofRight.isEmpty();
        left = onlyRight ? ofLeft : all.except(ofRight).union(ofLeft);
        right = onlyRight ? all : ofRight;
      }
      case LEFT, SEMI, ANTI -> {
        left = all;
        right = ofRight;
      }
      case RIGHT -> {
        left = ofLeft;
        right = all;
      }
      case FULL -> {
        left = all;
        right = all;
      }
      default -> throw unsupported("a join of type " + type);
    }
    return new JoinedSides(outer, join, of(join.getLeft(), left), of(join.getRight(), right))
        .unnested();
  }

  /** Its own outer row gets the values that its right side wants of this one. */
  private Unnested correlate(LogicalCorrelate correlate, ImmutableBitSet wanted) {
    Unnested left = of(correlate.getLeft(), wanted.union(outer.fields(correlate.getRight())));
    CorrelationId id = correlate.getCluster().createCorrel();
    OuterRow own = new OuterRow(correlate.getCorrelationId(), correlate.getLeft());
    RelNode right = new HandedDown(id, left, outer, own).in(correlate.getRight());
    int width = correlate.getLeft().getRowType().getFieldCount();
    int added = left.rel().getRowType().getFieldCount() - width;
    RelNode both =
        Decorrelator.decorrelate(
            LogicalCorrelate.create(
                left.rel(),
                right,
                List.of(),
                id,
                ImmutableBitSet.range(width + added),
                correlate.getJoinType()));
    return left.with(both).project(correlate, i -> i < width ? i : i + added);
  }

  private Unnested setOp(SetOp setOp, ImmutableBitSet wanted) {
    ImmutableBitSet all = wanted.union(outer.fields(setOp));
    List<Unnested> inputs =
        setOp.getInputs().stream().map(input -> of(input, all).project(input, i -> i)).toList();
    RelNode rel = setOp.copy(setOp.getTraitSet(), inputs.stream().map(Unnested::rel).toList());
    return Unnested.ofLast(rel, all, ImmutableBitSet.of());
  }

  /** UNNEST of collections of the outer row. */
  private Unnested uncollect(Uncollect uncollect, ImmutableBitSet wanted) {
    ImmutableBitSet fields = wanted.union(outer.fields(uncollect));
    Unnested domain = Unnested.ofLast(outer.domain(fields), fields, ImmutableBitSet.of());
    CorrelationId id = uncollect.getCluster().createCorrel();
    if (!Decorrelator.isUnnest(uncollect)) {
      throw unsupported("UNNEST of a sub-query");
    }
    RelNode both =
        LogicalCorrelate.create(
            domain.rel(),
            new HandedDown(id, domain, outer, outer).in(uncollect),
            List.of(),
            id,
            ImmutableBitSet.range(fields.cardinality()),
            JoinRelType.INNER);
    return domain.with(both).project(uncollect, i -> i + fields.cardinality());
  }

  /** A relation with all columns of its first input before its own. */
  private Unnested first(RelNode rel, ImmutableBitSet wanted) {
    List<RelNode> inputs = new ArrayList<>(rel.getInputs());
    Unnested input = of(inputs.getFirst(), wanted);
    inputs.set(0, input.rel());
    for (int i = 1; i < inputs.size(); i++) {
      if (outer.isUsedIn(inputs.get(i))) {
        throw unsupported("a correlated side of " + rel.getRelTypeName());
      }
      inputs.set(i, Decorrelator.decorrelate(inputs.get(i)));
    }
    int width = rel.getInput(0).getRowType().getFieldCount();
    int added = input.rel().getRowType().getFieldCount() - width;
    return input
        .with(rel.copy(rel.getTraitSet(), inputs))
        .project(rel, i -> i < width ? i : i + added);
  }
}
