package dev.kelda.planner.rules;

import dev.kelda.planner.catalog.CatalogTable;
import dev.kelda.planner.search.SearchNode;
import dev.kelda.spi.connector.ColumnStatistics;
import dev.kelda.spi.connector.Scalar;
import java.math.BigDecimal;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.plan.hep.HepRelVertex;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rel.core.TableScan;
import org.apache.calcite.rel.core.Union;
import org.apache.calcite.rel.core.Values;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.type.SqlTypeUtil;

/**
 * How many rows an operator gives and how many values a column has, from the tables' statistics.
 * Guesses where nothing is known; only ever used to choose between equal plans.
 */
final class Estimates {
  private static final double ROWS_OF_A_QUERY = 10;

  private final Map<RelNode, Double> rows = new IdentityHashMap<>();

  /**
   * @param distinct number of values, at least 1
   * @param min empty when unknown; dates in days, timestamps in their unit
   */
  record Column(double distinct, OptionalDouble min, OptionalDouble max) {
    static Column of(double distinct) {
      return new Column(Math.max(1, distinct), OptionalDouble.empty(), OptionalDouble.empty());
    }

    Column atMost(double rows) {
      return new Column(Math.max(1, Math.min(distinct, rows)), min, max);
    }
  }

  double rows(RelNode node) {
    Double known = rows.get(node);
    if (known == null) {
      known = Math.max(1, compute(node));
      rows.put(node, known);
    }
    return known;
  }

  /** Whether the sizes of all tables below are known. */
  boolean isKnown(RelNode node) {
    return switch (node) {
      case HepRelVertex vertex -> isKnown(vertex.getCurrentRel());
      case TableScan scan ->
          table(scan).filter(table -> table.statistics().rows().isPresent()).isPresent();
      default -> node.getInputs().stream().allMatch(this::isKnown);
    };
  }

  private double compute(RelNode node) {
    return switch (node) {
      case HepRelVertex vertex -> rows(vertex.getCurrentRel());
      case TableScan scan -> table(scan).map(CatalogTable::rows).orElse(1000.0);
      case Values values -> values.getTuples().size();
      case Filter f -> rows(f.getInput()) * Selectivity.of(this, f.getInput(), f.getCondition());
      case Project project -> rows(project.getInput());
      case Sort sort ->
          sort.fetch instanceof RexLiteral fetch
              ? Math.min(rows(sort.getInput()), number(fetch).orElse(1000))
              : rows(sort.getInput());
      case Aggregate aggregate -> groups(aggregate);
      case Join join -> join(join);
      case PointInTimeJoin join -> rows(join.spine());
      case SearchNode search -> rows(search.queries()) * ROWS_OF_A_QUERY;
      case Union union -> union.getInputs().stream().mapToDouble(this::rows).sum();
      default -> node.getInputs().isEmpty() ? 1000 : rows(node.getInput(0));
    };
  }

  private double groups(Aggregate aggregate) {
    double input = rows(aggregate.getInput());
    if (aggregate.getGroupSet().isEmpty()) {
      return 1;
    }
    double groups = 1;
    for (int column : aggregate.getGroupSet()) {
      groups *= column(aggregate.getInput(), column).distinct();
    }
    return Math.min(input, groups);
  }

  private double join(Join join) {
    double left = rows(join.getLeft());
    double right = rows(join.getRight());
    double selectivity = 1;
    int leftColumns = join.getLeft().getRowType().getFieldCount();
    double rightKeys = 1;
    for (RexNode conjunct : RelOptUtil.conjunctions(join.getCondition())) {
      if (conjunct.isA(SqlKind.EQUALS)
          && ((RexCall) conjunct).getOperands().get(0) instanceof RexInputRef a
          && ((RexCall) conjunct).getOperands().get(1) instanceof RexInputRef b
          && a.getIndex() < leftColumns != b.getIndex() < leftColumns) {
        int l = Math.min(a.getIndex(), b.getIndex());
        int r = Math.max(a.getIndex(), b.getIndex()) - leftColumns;
        double rightValues = column(join.getRight(), r).distinct();
        selectivity /= Math.max(column(join.getLeft(), l).distinct(), rightValues);
        rightKeys = Math.max(rightKeys, rightValues);
      } else {
        selectivity *= 0.3;
      }
    }
    double matched = left * right * selectivity;
    return switch (join.getJoinType()) {
      case LEFT -> Math.max(left, matched);
      case RIGHT -> Math.max(right, matched);
      case FULL -> Math.max(left, Math.max(right, matched));
      case SEMI -> Math.min(left, matched);
      case ANTI -> Math.max(left * 0.1, left - matched);
      default -> matched;
    };
  }

  /** What is known of an output column. */
  Column column(RelNode node, int ordinal) {
    return switch (node) {
      case HepRelVertex vertex -> column(vertex.getCurrentRel(), ordinal);
      case TableScan scan -> scanned(scan, ordinal);
      case Filter f -> filtered(f, ordinal);
      case Sort sort -> column(sort.getInput(), ordinal).atMost(rows(sort));
      case Project project -> projected(project, ordinal);
      case Aggregate aggregate ->
          ordinal < aggregate.getGroupCount()
              ? column(aggregate.getInput(), aggregate.getGroupSet().nth(ordinal))
                  .atMost(rows(aggregate))
              : Column.of(rows(aggregate));
      case Join join -> {
        int left = join.getLeft().getRowType().getFieldCount();
        yield (ordinal < left
                ? column(join.getLeft(), ordinal)
                : column(join.getRight(), ordinal - left))
            .atMost(rows(join));
      }
      case PointInTimeJoin join ->
          ordinal < join.spine().getRowType().getFieldCount()
              ? column(join.spine(), ordinal)
              : Column.of(rows(join) / 10);
      default -> Column.of(rows(node));
    };
  }

  private Column filtered(Filter filter, int ordinal) {
    Column column = column(filter.getInput(), ordinal);
    for (RexNode conjunct : RelOptUtil.conjunctions(filter.getCondition())) {
      if (conjunct.isA(SqlKind.EQUALS)
          && ((RexCall) conjunct)
              .getOperands().stream()
                  .anyMatch(o -> o instanceof RexInputRef r && r.getIndex() == ordinal)) {
        return Column.of(1);
      }
    }
    // Of n values with r rows each, k of the n·r rows hold about n(1-(1-k/nr)^r) values.
    double all = rows(filter.getInput());
    double kept = rows(filter);
    double perValue = Math.max(1, all / column.distinct());
    double values = column.distinct() * (1 - Math.pow(1 - Math.min(1, kept / all), perValue));
    return new Column(Math.max(1, values), column.min(), column.max());
  }

  private Column projected(Project project, int ordinal) {
    RexNode node = project.getProjects().get(ordinal);
    if (node instanceof RexInputRef ref) {
      return column(project.getInput(), ref.getIndex());
    }
    if (node instanceof RexLiteral) {
      return Column.of(1);
    }
    if (node.isA(SqlKind.CAST)
        && ((RexCall) node).getOperands().get(0) instanceof RexInputRef ref) {
      return column(project.getInput(), ref.getIndex());
    }
    if (node.isA(SqlKind.EXTRACT)) {
      return Column.of(12);
    }
    return Column.of(rows(project) / 2);
  }

  private static Column scanned(TableScan scan, int ordinal) {
    Optional<CatalogTable> table = table(scan);
    if (table.isEmpty()) {
      return Column.of(100);
    }
    double rows = table.get().rows();
    ColumnStatistics known =
        table.get().statistics().columns().getOrDefault(ordinal, ColumnStatistics.UNKNOWN);
    OptionalDouble min = number(known.min());
    OptionalDouble max = number(known.max());
    RelDataType type = scan.getRowType().getFieldList().get(ordinal).getType();
    double distinct;
    if (known.distinctValues().isPresent()) {
      distinct = known.distinctValues().getAsDouble();
    } else if (min.isPresent() && max.isPresent() && discrete(type)) {
      distinct = max.getAsDouble() - min.getAsDouble() + 1;
    } else if (letter(known.min()).isPresent() && letter(known.max()).isPresent()) {
      distinct = letter(known.max()).getAsDouble() - letter(known.min()).getAsDouble() + 1;
    } else {
      distinct = guess(type, rows);
    }
    return new Column(Math.max(1, Math.min(distinct, rows)), min, max);
  }

  /** A text of one character, as its code point: flags and states have few values. */
  private static OptionalDouble letter(Optional<Scalar> scalar) {
    return scalar
        .flatMap(Scalar::value)
        .map(
            v ->
                v instanceof String s && s.length() == 1
                    ? OptionalDouble.of(s.charAt(0))
                    : OptionalDouble.empty())
        .orElse(OptionalDouble.empty());
  }

  private static boolean discrete(RelDataType type) {
    return SqlTypeUtil.isIntType(type)
        || switch (type.getSqlTypeName()) {
          case DATE -> true;
          default -> false;
        };
  }

  private static double guess(RelDataType type, double rows) {
    return switch (type.getSqlTypeName()) {
      case BOOLEAN -> 2;
      case TINYINT -> 100;
      case SMALLINT -> 1000;
      case DATE -> Math.min(rows, 3000);
      case VARCHAR -> Math.sqrt(rows) * 5;
      default -> rows / 5;
    };
  }

  static Optional<CatalogTable> table(TableScan scan) {
    return Optional.ofNullable(scan.getTable().unwrap(CatalogTable.class));
  }

  static OptionalDouble number(RexLiteral literal) {
    BigDecimal value = literal.isNull() ? null : literal.getValueAs(BigDecimal.class);
    return value == null ? OptionalDouble.empty() : OptionalDouble.of(value.doubleValue());
  }

  static OptionalDouble number(Optional<Scalar> scalar) {
    return scalar
        .flatMap(Scalar::value)
        .map(
            v ->
                v instanceof Number n ? OptionalDouble.of(n.doubleValue()) : OptionalDouble.empty())
        .orElse(OptionalDouble.empty());
  }
}
