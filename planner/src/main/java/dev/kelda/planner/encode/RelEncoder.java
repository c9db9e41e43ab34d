package dev.kelda.planner.encode;

import dev.kelda.planner.ScanSpec;
import dev.kelda.planner.proto.DataType;
import dev.kelda.planner.proto.Expr;
import dev.kelda.planner.proto.Filter;
import dev.kelda.planner.proto.Literal;
import dev.kelda.planner.proto.Project;
import dev.kelda.planner.proto.Rel;
import dev.kelda.planner.proto.SetOp;
import dev.kelda.planner.proto.Sort;
import dev.kelda.planner.proto.SortKey;
import dev.kelda.planner.rules.CommonRows;
import dev.kelda.planner.rules.PointInTimeJoin;
import dev.kelda.planner.search.SearchNode;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.apache.calcite.plan.RelOptSamplingParameters;
import org.apache.calcite.rel.RelFieldCollation;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.Correlate;
import org.apache.calcite.rel.core.Intersect;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.Minus;
import org.apache.calcite.rel.core.Sample;
import org.apache.calcite.rel.core.TableScan;
import org.apache.calcite.rel.core.Uncollect;
import org.apache.calcite.rel.core.Union;
import org.apache.calcite.rel.core.Window;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexDynamicParam;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;

/** Operators of a relational tree to the plan's. One use per statement. */
public final class RelEncoder {
  private static final int MAX_DEPTH = 400;

  private final RexBuilder rex;
  private final ScanEncoder scans;
  private final RecursionEncoder recursions = new RecursionEncoder(this);
  private final CommonEncoder common;
  private int depth;

  /**
   * @param root of the statement
   */
  public RelEncoder(RexBuilder rex, RelNode root) {
    this.rex = rex;
    this.scans = new ScanEncoder(rex);
    this.common = new CommonEncoder(this, root);
  }

  /** Parts that everything encoded so far reads by number. */
  public List<Rel> commonParts() {
    return common.parts();
  }

  /** The scans of everything encoded so far. */
  public List<ScanSpec> scans() {
    return scans.scans();
  }

  public Rel encode(RelNode node) {
    if (++depth > MAX_DEPTH) {
      throw new KeldaException(
          ErrorCode.STATEMENT_TOO_COMPLEX, "the query nests more than " + MAX_DEPTH + " operators");
    }
    try {
      return common.encode(node).orElseGet(() -> encodeHere(node));
    } finally {
      depth--;
    }
  }

  /** An operator with its inputs, whether or not other places read its rows. */
  Rel encodeHere(RelNode node) {
    return switch (node) {
      case TableScan scan when RecursionEncoder.isWorkTable(scan) -> recursions.encode(scan);
      case TableScan scan -> scans.encode(scan, Optional.empty(), Optional.empty());
      case org.apache.calcite.rel.core.Filter filter -> filter(filter);
      case org.apache.calcite.rel.core.Project project -> project(project);
      case org.apache.calcite.rel.core.Values values -> new ValuesEncoder(this).encode(values);
      case Union union when ValuesEncoder.isRows(union) -> new ValuesEncoder(this).encode(union);
      case org.apache.calcite.rel.core.Sort sort -> sort(sort);
      case Aggregate aggregate -> new AggregateEncoder(this).encode(aggregate);
      case Window window -> new WindowEncoder(this).encode(window);
      case Join join -> new JoinEncoder(this).encode(join);
      case PointInTimeJoin join -> new JoinEncoder(this).encode(join);
      case SearchNode search -> new SearchEncoder(this, scans).encode(search);
      case Correlate correlate -> new UnnestEncoder(this).encode(correlate);
      case Sample sample -> sample(sample);
      case Uncollect uncollect -> new UnnestEncoder(this).encode(uncollect);
      case Union union -> setOp(union, union.all, SetOp.Kind.UNION);
      case Intersect intersect -> setOp(intersect, intersect.all, SetOp.Kind.INTERSECT);
      case Minus minus -> setOp(minus, minus.all, SetOp.Kind.EXCEPT);
      case org.apache.calcite.rel.core.RepeatUnion union -> recursions.encode(union);
      case org.apache.calcite.rel.core.Spool spool -> encode(spool.getInput());
      case CommonRows rows -> encode(rows.getInput());
      default ->
          throw RexEncoder.unsupported(
              "this query (" + node.getRelTypeName().replace("Logical", "") + ")");
    };
  }

  RexBuilder rex() {
    return rex;
  }

  /** Expressions over the row of an operator. */
  RexEncoder over(RelNode input) {
    return new RexEncoder(rex, IntUnaryOperator.identity(), input.getRowType().getFieldCount());
  }

  /** Null for a work table, which takes no conditions or columns. */
  private static RelNode source(RelNode node) {
    return RecursionEncoder.isWorkTable(node) ? null : node;
  }

  /** Each row by chance; SYSTEM, which may take whole blocks, does the same. */
  private Rel sample(Sample sample) {
    RelOptSamplingParameters parameters = sample.getSamplingParameters();
    if (parameters.isRepeatable()) {
      throw RexEncoder.unsupported("REPEATABLE in TABLESAMPLE");
    }
    DataType truth = DataType.newBuilder().setSimple(DataType.Simple.BOOL).build();
    DataType number = DataType.newBuilder().setSimple(DataType.Simple.FLOAT64).build();
    Expr rate =
        LiteralEncoder.expr(
            Literal.newBuilder()
                .setType(number)
                .setFloating(parameters.sampleRate.doubleValue())
                .build());
    return Rel.newBuilder()
        .setFilter(
            Filter.newBuilder()
                .setInput(encode(sample.getInput()))
                .setCondition(
                    RexEncoder.call(
                        "lt", truth, List.of(RexEncoder.call("random", number, List.of()), rate))))
        .build();
  }

  private Rel filter(org.apache.calcite.rel.core.Filter filter) {
    if (source(filter.getInput()) instanceof TableScan scan) {
      return scans.encode(scan, Optional.of(filter.getCondition()), Optional.empty());
    }
    return Rel.newBuilder()
        .setFilter(
            Filter.newBuilder()
                .setInput(encode(filter.getInput()))
                .setCondition(over(filter.getInput()).encode(filter.getCondition())))
        .build();
  }

  private Rel project(org.apache.calcite.rel.core.Project project) {
    RelNode input = project.getInput();
    if (source(input) instanceof TableScan scan) {
      return scans.encode(scan, Optional.empty(), Optional.of(project.getProjects()));
    }
    if (input instanceof org.apache.calcite.rel.core.Filter filter
        && source(filter.getInput()) instanceof TableScan scan) {
      return scans.encode(
          scan, Optional.of(filter.getCondition()), Optional.of(project.getProjects()));
    }
    return project(encode(input), over(input).encodeAll(project.getProjects()));
  }

  static Rel project(Rel input, List<Expr> expressions) {
    return Rel.newBuilder()
        .setProject(Project.newBuilder().setInput(input).addAllExpressions(expressions))
        .build();
  }

  private Rel sort(org.apache.calcite.rel.core.Sort sort) {
    Sort.Builder to = Sort.newBuilder().setInput(encode(sort.getInput()));
    sort.getCollation().getFieldCollations().forEach(c -> to.addKeys(sortKey(c)));
    bound(sort.offset).ifPresent(to::setOffset);
    bound(sort.fetch).ifPresent(to::setFetch);
    return Rel.newBuilder().setSort(to).build();
  }

  /** A row count: a literal or a parameter. */
  Optional<Expr> bound(RexNode node) {
    RelDataType bigint =
        rex.getTypeFactory().createSqlType(org.apache.calcite.sql.type.SqlTypeName.BIGINT);
    return Optional.ofNullable(node)
        .map(
            n -> {
              if (n instanceof RexLiteral literal
                  && literal.getValueAs(BigDecimal.class).stripTrailingZeros().scale() > 0) {
                throw new KeldaException(
                    ErrorCode.INVALID_STATEMENT,
                    "LIMIT and OFFSET are whole numbers, not "
                        + literal.getValueAs(BigDecimal.class));
              }
              RexEncoder encoder = new RexEncoder(rex, IntUnaryOperator.identity(), 0);
              // A cast would hide the parameter's value from the engine.
              return n instanceof RexDynamicParam ? encoder.encode(n) : encoder.encodeAs(n, bigint);
            });
  }

  static SortKey sortKey(RelFieldCollation collation) {
    return SortKey.newBuilder()
        .setExpr(RexEncoder.column(collation.getFieldIndex()))
        .setDescending(collation.getDirection().isDescending())
        .setNullsFirst(collation.nullDirection == RelFieldCollation.NullDirection.FIRST)
        .build();
  }

  private Rel setOp(RelNode node, boolean all, SetOp.Kind kind) {
    List<RelNode> inputs = node.getInputs();
    if (inputs.size() == 1) {
      return castTo(inputs.getFirst(), node.getRowType());
    }
    SetOp.Builder to = SetOp.newBuilder().setAll(all).setKind(kind);
    inputs.forEach(i -> to.addInputs(castTo(i, node.getRowType())));
    return Rel.newBuilder().setSetOp(to).build();
  }

  /** The input with each column of exactly the row's type. */
  public Rel castTo(RelNode input, RelDataType row) {
    Rel rel = encode(input);
    List<RelDataTypeField> from = input.getRowType().getFieldList();
    List<RelDataTypeField> to = row.getFieldList();
    List<Expr> expressions = new ArrayList<>();
    boolean cast = false;
    for (int i : IntStream.range(0, to.size()).toArray()) {
      var wanted = Types.toProto(to.get(i).getType());
      boolean same = wanted.equals(Types.toProto(from.get(i).getType()));
      Expr column = RexEncoder.column(i);
      expressions.add(same ? column : RexEncoder.cast(column, wanted, false));
      cast |= !same;
    }
    return cast ? project(rel, expressions) : rel;
  }
}
