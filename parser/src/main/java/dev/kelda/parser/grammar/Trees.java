package dev.kelda.parser.grammar;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.parser.SqlParserUtil;
import org.apache.calcite.sql.parser.SqlParserUtil.ToTreeListItem;

/**
 * Operands and operators in a row to a tree. Calcite's own way takes time with the square of the
 * length; here chains of OR, of AND, of one set operator and long sums are taken apart first, into
 * balanced trees, so that ten thousand terms are a matter of milliseconds and fourteen levels.
 */
final class Trees {
  /** Longer chains of other operators would be deeper than a tree may be. */
  private static final int MAX_OPERATORS = 1_000;

  private static final int FEW = 64;
  private static final Set<SqlOperator> ASSOCIATIVE_QUERIES =
      Set.of(
          SqlStdOperatorTable.UNION, SqlStdOperatorTable.UNION_ALL, SqlStdOperatorTable.INTERSECT);

  private Trees() {}

  /**
   * @param items as Calcite's grammar makes them: {@code SqlNode} and {@code ToTreeListItem}
   */
  static SqlNode of(List<Object> items) {
    if (items.size() <= FEW) {
      return SqlParserUtil.toTree(items);
    }
    if (items.get(1) instanceof ToTreeListItem first
        && ASSOCIATIVE_QUERIES.contains(first.getOperator())) {
      return split(items, first.getOperator(), Trees::leaf);
    }
    return split(
        items, SqlStdOperatorTable.OR, terms -> split(terms, SqlStdOperatorTable.AND, Trees::leaf));
  }

  private static SqlNode leaf(List<Object> items) {
    if (items.size() > MAX_OPERATORS && isSum(items)) {
      return split(items, SqlStdOperatorTable.PLUS, SqlParserUtil::toTree);
    }
    if (items.size() > 2 * MAX_OPERATORS) {
      SqlParserPos position =
          items.stream()
              .filter(SqlNode.class::isInstance)
              .findFirst()
              .map(node -> ((SqlNode) node).getParserPosition())
              .orElse(SqlParserPos.ZERO);
      throw new KeldaException(
          ErrorCode.STATEMENT_TOO_COMPLEX,
          "one expression has more than " + MAX_OPERATORS + " operators",
          Nodes.position(position));
    }
    return SqlParserUtil.toTree(items);
  }

  /** Nothing but additions: a chain too long for a deep tree may be added up in another order. */
  private static boolean isSum(List<Object> items) {
    return items.stream()
        .allMatch(
            item ->
                !(item instanceof ToTreeListItem operator)
                    || operator.getOperator() == SqlStdOperatorTable.PLUS);
  }

  private static SqlNode split(
      List<Object> items, SqlOperator operator, Function<List<Object>, SqlNode> each) {
    List<SqlNode> terms = new ArrayList<>();
    int from = 0;
    int betweens = 0;
    for (int i = 0; i < items.size(); i++) {
      if (!(items.get(i) instanceof ToTreeListItem item)) {
        continue;
      }
      SqlKind kind = item.getOperator().getKind();
      if (kind == SqlKind.BETWEEN) {
        betweens++;
      } else if (kind == SqlKind.AND && betweens > 0) {
        betweens--;
      } else if (betweens == 0 && item.getOperator() == operator) {
        terms.add(each.apply(new ArrayList<>(items.subList(from, i))));
        from = i + 1;
      }
    }
    terms.add(each.apply(new ArrayList<>(items.subList(from, items.size()))));
    return balanced(operator, terms);
  }

  private static SqlNode balanced(SqlOperator operator, List<SqlNode> terms) {
    if (terms.size() == 1) {
      return terms.getFirst();
    }
    int middle = terms.size() / 2;
    SqlNode left = balanced(operator, terms.subList(0, middle));
    SqlNode right = balanced(operator, terms.subList(middle, terms.size()));
    return operator.createCall(
        SqlParserPos.sum(List.of(left.getParserPosition(), right.getParserPosition())),
        left,
        right);
  }
}
