package dev.kelda.planner.rules;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.plan.RelTraitSet;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelWriter;
import org.apache.calcite.rel.SingleRel;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.RepeatUnion;
import org.apache.calcite.rel.core.Sample;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rel.core.TableScan;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexOver;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.schema.TransientTable;
import org.apache.calcite.sql.SqlKind;

/**
 * The rows of a CTE that are the same wherever it is read. One stands at each place that reads it,
 * all with the same number and input; no rule goes through it, so that they stay alike.
 */
public final class CommonRows extends SingleRel {
  /** Window functions that rows of equal order share the value of. */
  private static final Set<SqlKind> RANKS =
      Set.of(SqlKind.RANK, SqlKind.DENSE_RANK, SqlKind.PERCENT_RANK, SqlKind.CUME_DIST);

  /** Those that differ between rows of equal order whatever their frame. */
  private static final Set<SqlKind> PLACES =
      Set.of(
          SqlKind.ROW_NUMBER,
          SqlKind.NTILE,
          SqlKind.LAG,
          SqlKind.LEAD,
          SqlKind.FIRST_VALUE,
          SqlKind.LAST_VALUE,
          SqlKind.NTH_VALUE);

  private final int number;

  private CommonRows(RelTraitSet traits, RelNode input, int number) {
    super(input.getCluster(), traits, input);
    this.number = number;
  }

  /**
   * @param number of the CTE; nothing else in the statement has it
   */
  public static CommonRows create(RelNode input, int number) {
    return new CommonRows(input.getCluster().traitSet(), input, number);
  }

  public int number() {
    return number;
  }

  /**
   * Whether rows can be others when they are computed again, and can be kept: they are volatile, a
   * sample, or the order of equal rows decides which of them stay or what they are given.
   */
  public static boolean areNeeded(RelNode rows) {
    return mayDiffer(rows) && freeVariables(rows).isEmpty() && !readsWorkTable(rows);
  }

  private static boolean mayDiffer(RelNode rel) {
    Expressions expressions = new Expressions();
    rel.accept(expressions);
    return expressions.mayDiffer
        || rel instanceof Sample
        || rel instanceof Sort sort && (sort.fetch != null || sort.offset != null)
        || rel.getInputs().stream().anyMatch(CommonRows::mayDiffer);
  }

  private static Set<CorrelationId> freeVariables(RelNode rel) {
    Set<CorrelationId> free = new HashSet<>(RelOptUtil.getVariablesUsed(rel));
    free.removeAll(RelOptUtil.getVariablesSet(rel));
    return free;
  }

  /** Whether they are other rows in each step of a recursion around them. */
  private static boolean readsWorkTable(RelNode rel) {
    return switch (rel) {
      case RepeatUnion ignored -> false;
      case TableScan scan -> scan.getTable().unwrap(TransientTable.class) != null;
      default -> rel.getInputs().stream().anyMatch(CommonRows::readsWorkTable);
    };
  }

  private static final class Expressions extends RexShuttle {
    private boolean mayDiffer;

    @Override
    public RexNode visitCall(RexCall call) {
      mayDiffer |= !call.getOperator().isDeterministic();
      return super.visitCall(call);
    }

    @Override
    public RexNode visitOver(RexOver over) {
      SqlKind kind = over.getAggOperator().getKind();
      mayDiffer |= PLACES.contains(kind) || over.getWindow().isRows() && !RANKS.contains(kind);
      return super.visitOver(over);
    }

    @Override
    public RexNode visitSubQuery(RexSubQuery query) {
      mayDiffer |= CommonRows.mayDiffer(query.rel);
      return super.visitSubQuery(query);
    }
  }

  @Override
  public CommonRows copy(RelTraitSet traits, List<RelNode> inputs) {
    return new CommonRows(traits, sole(inputs), number);
  }

  @Override
  public RelWriter explainTerms(RelWriter writer) {
    return super.explainTerms(writer).item("number", number);
  }
}
