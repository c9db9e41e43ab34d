package dev.kelda.parser;

import static java.util.Objects.requireNonNull;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.apache.calcite.sql.JoinConditionType;
import org.apache.calcite.sql.JoinType;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlJoin;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.SqlSpecialOperator;
import org.apache.calcite.sql.SqlSyntax;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.parser.SqlParserPos;

/**
 * A point-in-time join: each left row with the one nearest right row in time. Every spelling of it
 * ({@code ASOF JOIN}, {@code LEFT ASOF JOIN}, {@code ASOF LEFT JOIN}, {@code LEFT OUTER ASOF JOIN},
 * and DuckDB's form with the inequality inside ON) parses to this one node.
 *
 * <p>It is deliberately NOT Calcite's class of the same name. To Calcite it is an ordinary {@link
 * SqlJoin} of type INNER or LEFT whose ON/USING holds the keys (ON TRUE when there is no key), so
 * that scopes, name resolution, USING's common columns, and the nullability of the right side come
 * from Calcite's validator unchanged, and any condition over both sides is allowed. What Calcite
 * does not see is operands 6 to 8: a planner that validates and converts this node must also
 * validate {@link #matchCondition()} and {@link #tolerance()} in the join's scope (override {@code
 * SqlValidatorImpl.validateJoin} and {@code registerFrom}'s caller), or fold them into ON before
 * validation; when it forgets to, the result is a plain join, so it must fail closed in the
 * converter.
 *
 * <p>Operands: 0 left, 1 natural (always FALSE), 2 join type (INNER or LEFT), 3 right, 4 condition
 * type (ON or USING), 5 condition, 6 match condition, 7 tolerance or null, 8 known-at or null, 9
 * whether of a timeline.
 */
public final class SqlAsofJoin extends SqlJoin {
  private static final SqlOperator OPERATOR = new Operator();

  private SqlNode matchCondition;
  private Optional<SqlNode> tolerance;
  private Optional<SqlNode> knownAt;
  private final SqlLiteral ofTimeline;

  /** A join as the text has it: nothing but its times decides what is visible. */
  public SqlAsofJoin(
      SqlParserPos position,
      SqlNode left,
      SqlLiteral joinType,
      SqlNode right,
      SqlLiteral conditionType,
      SqlNode condition,
      SqlNode matchCondition,
      Optional<SqlNode> tolerance) {
    this(
        position,
        left,
        joinType,
        right,
        conditionType,
        condition,
        matchCondition,
        tolerance,
        Optional.empty(),
        SqlLiteral.createBoolean(false, position));
  }

  public SqlAsofJoin(
      SqlParserPos position,
      SqlNode left,
      SqlLiteral joinType,
      SqlNode right,
      SqlLiteral conditionType,
      SqlNode condition,
      SqlNode matchCondition,
      Optional<SqlNode> tolerance,
      Optional<SqlNode> knownAt,
      SqlLiteral ofTimeline) {
    super(
        position,
        left,
        SqlLiteral.createBoolean(false, position),
        joinType,
        right,
        conditionType,
        requireNonNull(condition, "condition is null"));
    this.matchCondition = requireNonNull(matchCondition, "matchCondition is null");
    this.tolerance = requireNonNull(tolerance, "tolerance is null");
    this.knownAt = requireNonNull(knownAt, "knownAt is null");
    this.ofTimeline = requireNonNull(ofTimeline, "ofTimeline is null");
  }

  /**
   * Made of {@code t AS OF x}: what is visible is what the table declares, and the tolerance is its
   * time to live: a row of exactly that age is not visible any more.
   */
  public boolean ofTimeline() {
    return ofTimeline.booleanValue();
  }

  /** Left rows without a match stay, with NULLs. */
  public boolean keepsUnmatched() {
    return getJoinType() == JoinType.LEFT;
  }

  /**
   * One comparison by {@code <, <=, >, >=} between an expression of the left side and one of the
   * right side, in either order as written.
   */
  public SqlCall matchCondition() {
    return (SqlCall) matchCondition;
  }

  /** The largest distance in time that still matches: an interval or numeric expression. */
  public Optional<SqlNode> tolerance() {
    return tolerance;
  }

  /**
   * When a right row became known: it is visible to left times from then on, and among right rows
   * of one time the latest known wins. Only in joins {@linkplain #ofTimeline of a timeline}.
   */
  public Optional<SqlNode> knownAt() {
    return knownAt;
  }

  /** The key condition of ON; TRUE when the join has no key. Empty when USING names the keys. */
  public Optional<SqlNode> onCondition() {
    return getConditionType() == JoinConditionType.ON
        ? Optional.of(requireNonNull(getCondition()))
        : Optional.empty();
  }

  /** The columns of USING; empty without USING. */
  public List<SqlNode> usingColumns() {
    return getConditionType() == JoinConditionType.USING
        ? ((SqlNodeList) requireNonNull(getCondition())).getList()
        : List.of();
  }

  @Override
  public SqlOperator getOperator() {
    return OPERATOR;
  }

  @Override
  public List<SqlNode> getOperandList() {
    var operands = new java.util.ArrayList<SqlNode>(super.getOperandList());
    operands.add(matchCondition);
    operands.add(tolerance.orElse(null));
    operands.add(knownAt.orElse(null));
    operands.add(ofTimeline);
    return Collections.unmodifiableList(operands);
  }

  @Override
  public void setOperand(int i, SqlNode operand) {
    switch (i) {
      case 6 -> matchCondition = requireNonNull(operand, "operand is null");
      case 7 -> tolerance = Optional.ofNullable(operand);
      case 8 -> knownAt = Optional.ofNullable(operand);
      default -> super.setOperand(i, operand);
    }
  }

  private static final class Operator extends SqlSpecialOperator {
    private static final int PRECEDENCE = 18;

    Operator() {
      super("ASOF JOIN", SqlKind.JOIN, PRECEDENCE);
    }

    @Override
    public SqlSyntax getSyntax() {
      return SqlSyntax.SPECIAL;
    }

    @Override
    public SqlCall createCall(
        SqlLiteral functionQualifier, SqlParserPos position, SqlNode... operands) {
      return new SqlAsofJoin(
          position,
          operands[0],
          (SqlLiteral) operands[2],
          operands[3],
          (SqlLiteral) operands[4],
          operands[5],
          operands[6],
          Optional.ofNullable(operands[7]),
          Optional.ofNullable(operands[8]),
          (SqlLiteral) operands[9]);
    }

    @Override
    public void unparse(SqlWriter writer, SqlCall call, int leftPrec, int rightPrec) {
      SqlAsofJoin join = (SqlAsofJoin) call;
      join.getLeft().unparse(writer, leftPrec, getLeftPrec());
      writer.sep(join.keepsUnmatched() ? "LEFT ASOF JOIN" : "ASOF JOIN");
      join.getRight().unparse(writer, getRightPrec(), rightPrec);
      writer.keyword("MATCH_CONDITION");
      SqlWriter.Frame match = writer.startList("(", ")");
      join.matchCondition.unparse(writer, 0, 0);
      writer.endList(match);
      join.tolerance.ifPresent(
          limit -> {
            writer.keyword("TOLERANCE");
            limit.unparse(writer, 0, 0);
          });
      writer.keyword(join.getConditionType().name());
      if (join.getConditionType() == JoinConditionType.USING) {
        SqlWriter.Frame columns = writer.startList("(", ")");
        join.getCondition().unparse(writer, 0, 0);
        writer.endList(columns);
      } else {
        join.getCondition().unparse(writer, leftPrec, rightPrec);
      }
    }
  }
}
