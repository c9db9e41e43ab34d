package dev.kelda.planner.rules;

import dev.kelda.planner.rules.PointInTimeJoin.Feature;
import dev.kelda.planner.rules.PointInTimeJoin.Match;
import dev.kelda.planner.validate.ValidationErrors;
import dev.kelda.spi.error.ErrorCode;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.rex.RexVisitorImpl;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.apache.calcite.util.ImmutableBitSet;

/** Builds {@link PointInTimeJoin}s from the parts of an as-of join. */
public final class PointInTimeJoins {
  private static final BigDecimal DAY = BigDecimal.valueOf(86_400_000L);

  private final RexBuilder rex;
  private final int leftColumns;
  private final int columns;
  private final SqlNode position;
  private final List<RexNode> spineKeys = new ArrayList<>();
  private final List<RexNode> featureKeys = new ArrayList<>();
  private final List<RexNode> featureFilters = new ArrayList<>();

  private PointInTimeJoins(RexBuilder rex, int leftColumns, int columns, SqlNode position) {
    this.rex = rex;
    this.leftColumns = leftColumns;
    this.columns = columns;
    this.position = position;
  }

  private enum Side {
    NONE,
    SPINE,
    FEATURE,
    BOTH
  }

  /**
   * @param condition the keys, over left and right columns
   * @param match one order comparison over left and right columns
   * @param knownAt over left and right columns, of the right alone
   * @param toleranceExclusive a distance of the tolerance itself is too far
   * @param position for errors
   */
  public static RelNode create(
      RelNode left,
      RelNode right,
      RexNode condition,
      RexNode match,
      Optional<RexNode> tolerance,
      Optional<RexNode> knownAt,
      boolean toleranceExclusive,
      boolean inner,
      SqlNode position) {
    int leftColumns = left.getRowType().getFieldCount();
    PointInTimeJoins joins =
        new PointInTimeJoins(
            left.getCluster().getRexBuilder(),
            leftColumns,
            leftColumns + right.getRowType().getFieldCount(),
            position);
    RelOptUtil.conjunctions(condition).forEach(joins::key);
    RelNode feature =
        joins.featureFilters.isEmpty()
            ? right
            : LogicalFilter.create(
                right, RexUtil.composeConjunction(joins.rex, joins.featureFilters));
    return PointInTimeJoin.create(
        left,
        List.of(joins.feature(feature, match, tolerance, knownAt, toleranceExclusive, inner)));
  }

  private Feature feature(
      RelNode input,
      RexNode match,
      Optional<RexNode> tolerance,
      Optional<RexNode> knownAt,
      boolean toleranceExclusive,
      boolean inner) {
    RexCall comparison = (RexCall) match;
    RexNode first = comparison.getOperands().get(0);
    RexNode second = comparison.getOperands().get(1);
    boolean swapped = side(first) == Side.FEATURE || side(second) == Side.SPINE;
    RexNode spineTime = swapped ? second : first;
    RexNode featureTime = swapped ? first : second;
    if (side(featureTime) != Side.FEATURE
        || side(spineTime) == Side.BOTH
        || side(spineTime) == Side.FEATURE) {
      throw ValidationErrors.at(
          ErrorCode.INVALID_STATEMENT,
          "MATCH_CONDITION must compare an expression of the left side with one of the right side",
          position);
    }
    RelDataType time = timeType(spineTime.getType(), featureTime.getType(), knownAt);
    return new Feature(
        input,
        spineKeys,
        featureKeys,
        cast(spineTime, time),
        cast(toFeature(featureTime), time),
        match(comparison.getKind(), swapped),
        tolerance.map(t -> tolerance(t, time, toleranceExclusive)),
        toleranceExclusive,
        knownAt.map(known -> cast(toFeature(known), time)),
        inner,
        IntStream.range(0, columns - leftColumns).boxed().toList());
  }

  private static Match match(SqlKind kind, boolean swapped) {
    return switch (swapped ? kind.reverse() : kind) {
      case GREATER_THAN -> Match.GREATER;
      case GREATER_THAN_OR_EQUAL -> Match.GREATER_OR_EQUAL;
      case LESS_THAN -> Match.LESS;
      case LESS_THAN_OR_EQUAL -> Match.LESS_OR_EQUAL;
      default -> throw new IllegalStateException("not an order comparison: " + kind);
    };
  }

  /** A conjunct of ON: an equality of both sides, or a condition on one side. */
  private void key(RexNode conjunct) {
    if (conjunct.isAlwaysTrue()) {
      return;
    }
    Side side = side(conjunct);
    refuseSubQueries(conjunct, side);
    switch (side) {
      case FEATURE -> featureFilters.add(toFeature(conjunct));
      case SPINE, NONE -> {
        // A spine row that fails the condition matches nothing: its key is not TRUE.
        spineKeys.add(conjunct);
        featureKeys.add(rex.makeLiteral(true));
      }
      case BOTH -> equality(conjunct);
    }
  }

  /** Rows of the right side alone can be chosen by a sub-query, below the join. */
  private void refuseSubQueries(RexNode conjunct, Side side) {
    conjunct.accept(
        new RexVisitorImpl<Void>(true) {
          @Override
          public Void visitSubQuery(RexSubQuery query) {
            if (side != Side.FEATURE || !RelOptUtil.getVariablesUsed(query.rel).isEmpty()) {
              throw ValidationErrors.at(
                  ErrorCode.NOT_SUPPORTED,
                  "a sub-query in ON of an as-of join takes columns of its right side alone, and "
                      + "sees none of the join within; put it into a sub-query of FROM",
                  position);
            }
            return super.visitSubQuery(query);
          }
        });
  }

  private void equality(RexNode conjunct) {
    if (conjunct.isA(SqlKind.EQUALS)) {
      List<RexNode> operands = ((RexCall) conjunct).getOperands();
      Side first = side(operands.get(0));
      Side second = side(operands.get(1));
      if (first == Side.SPINE && second == Side.FEATURE) {
        keys(operands.get(0), operands.get(1));
        return;
      }
      if (first == Side.FEATURE && second == Side.SPINE) {
        keys(operands.get(1), operands.get(0));
        return;
      }
    }
    throw ValidationErrors.at(
        ErrorCode.NOT_SUPPORTED,
        "the keys of an as-of join must be equalities between its two sides; "
            + "put other conditions into WHERE or a sub-query",
        position);
  }

  private void keys(RexNode spine, RexNode feature) {
    RelDataType type =
        rex.getTypeFactory().leastRestrictive(List.of(spine.getType(), feature.getType()));
    spineKeys.add(type == null ? spine : cast(spine, type));
    featureKeys.add(type == null ? toFeature(feature) : cast(toFeature(feature), type));
  }

  /**
   * The type in which times are compared. It holds what became known as exactly as it is given, or
   * a row would be visible before that.
   */
  private RelDataType timeType(RelDataType spine, RelDataType feature, Optional<RexNode> knownAt) {
    Optional<RelDataType> type = commonTime(spine, feature);
    if (knownAt.isPresent()) {
      type = type.flatMap(t -> commonTime(t, knownAt.get().getType()));
    }
    return type.filter(t -> isInstant(t) || SqlTypeUtil.isExactNumeric(t))
        .map(
            t ->
                SqlTypeUtil.isIntType(t)
                    ? rex.getTypeFactory().createSqlType(SqlTypeName.BIGINT)
                    : t)
        .orElseThrow(
            () ->
                ValidationErrors.at(
                    ErrorCode.TYPE_MISMATCH,
                    "an as-of join cannot compare times of types %s; it takes timestamps, dates, integers and decimals"
                        .formatted(
                            knownAt
                                .map(k -> spine + ", " + feature + " and " + k.getType())
                                .orElse(spine + " and " + feature)),
                    position));
  }

  private Optional<RelDataType> commonTime(RelDataType one, RelDataType other) {
    RelDataType type = rex.getTypeFactory().leastRestrictive(List.of(one, other));
    if (type == null && isInstant(one) && isInstant(other)) {
      RelDataType zoned = one.getSqlTypeName() == SqlTypeName.DATE ? other : one;
      int precision = Math.max(one.getPrecision(), other.getPrecision());
      return Optional.of(rex.getTypeFactory().createSqlType(zoned.getSqlTypeName(), precision));
    }
    return Optional.ofNullable(type);
  }

  private static boolean isInstant(RelDataType type) {
    return SqlTypeUtil.isDatetime(type) && type.getSqlTypeName() != SqlTypeName.TIME;
  }

  private long tolerance(RexNode node, RelDataType time, boolean exclusive) {
    BigDecimal value = LiteralNumbers.number(node).orElseThrow(() -> notConstant());
    if (value.signum() < 0) {
      throw ValidationErrors.at(
          ErrorCode.INVALID_ARGUMENT, "TOLERANCE must not be negative", position);
    }
    RelDataType type = node.getType();
    if (SqlTypeUtil.isNumeric(type)) {
      int scale = SqlTypeUtil.isDecimal(time) ? time.getScale() : 0;
      return units(value.movePointRight(scale), exclusive);
    }
    if (type.getSqlTypeName().isYearMonth()) {
      throw ValidationErrors.at(
          ErrorCode.NOT_SUPPORTED,
          "TOLERANCE in months has no fixed length; write it in days",
          position);
    }
    BigDecimal unit =
        BigDecimal.valueOf(time.getPrecision() > 6 ? 1_000_000L : 1_000L); // of a millisecond
    return SqlTypeUtil.isDate(time)
        ? units(value.divide(DAY, MathContext.DECIMAL128), exclusive)
        : units(value.multiply(unit), exclusive);
  }

  /** Whole units that allow the same distances; one beyond all times is the greatest. */
  private static long units(BigDecimal value, boolean exclusive) {
    BigDecimal whole = value.setScale(0, exclusive ? RoundingMode.CEILING : RoundingMode.FLOOR);
    return whole.min(BigDecimal.valueOf(Long.MAX_VALUE)).longValueExact();
  }

  private RuntimeException notConstant() {
    return ValidationErrors.at(
        ErrorCode.NOT_SUPPORTED,
        "TOLERANCE must be a constant number or interval, a parameter, or a sum or product of such",
        position);
  }

  private RexNode cast(RexNode node, RelDataType type) {
    RelDataType wanted =
        rex.getTypeFactory().createTypeWithNullability(type, node.getType().isNullable());
    return node.getType().equals(wanted) ? node : rex.makeCast(wanted, node);
  }

  private Side side(RexNode node) {
    ImmutableBitSet used = RelOptUtil.InputFinder.bits(node);
    if (used.isEmpty()) {
      return Side.NONE;
    }
    boolean spine = used.nextSetBit(0) < leftColumns;
    boolean feature = used.length() > leftColumns;
    return spine && feature ? Side.BOTH : spine ? Side.SPINE : Side.FEATURE;
  }

  private RexNode toFeature(RexNode node) {
    return node.accept(
        new RexShuttle() {
          @Override
          public RexNode visitInputRef(RexInputRef ref) {
            return new RexInputRef(ref.getIndex() - leftColumns, ref.getType());
          }
        });
  }
}
