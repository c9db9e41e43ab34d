package dev.kelda.parser;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.math.BigDecimal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import org.apache.calcite.sql.SqlBasicTypeNameSpec;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlCharStringLiteral;
import org.apache.calcite.sql.SqlDataTypeSpec;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlNumericLiteral;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.util.NlsString;

/**
 * The last touch on a tree. Keeps trees shallow, as everything that reads them recurses. A chain of
 * an associative operator ({@code a OR b OR c ...}), which the grammar makes as deep as it is long,
 * becomes a balanced tree with its terms in the same order; what is still too deep is refused.
 */
final class TreeShape {
  static final int MAX_DEPTH = 500;
  private static final int SHORT_CHAIN = 32;
  private static final int MAX_DIGITS = 38;
  private static final BigDecimal BEYOND_LONG =
      BigDecimal.valueOf(Long.MAX_VALUE).add(BigDecimal.ONE);
  private static final Set<SqlOperator> ASSOCIATIVE =
      Set.of(
          SqlStdOperatorTable.AND,
          SqlStdOperatorTable.OR,
          SqlStdOperatorTable.CONCAT,
          SqlStdOperatorTable.UNION,
          SqlStdOperatorTable.UNION_ALL,
          SqlStdOperatorTable.INTERSECT);

  private TreeShape() {}

  /** The same query, shallow. Walks without recursion. */
  static SqlNode shallow(SqlNode root) {
    SqlNode top = improved(root);
    record Visit(SqlNode node, int depth) {}
    Deque<Visit> open = new ArrayDeque<>();
    open.push(new Visit(top, 1));
    while (!open.isEmpty()) {
      Visit visit = open.pop();
      if (visit.depth > MAX_DEPTH) {
        throw new KeldaException(
            ErrorCode.STATEMENT_TOO_COMPLEX,
            "nested deeper than " + MAX_DEPTH + " levels",
            Positions.start(visit.node));
      }
      switch (visit.node) {
        case SqlNodeList list -> {
          for (int i = 0; i < list.size(); i++) {
            SqlNode child = list.get(i);
            if (child != null) {
              SqlNode better = improved(child);
              if (better != child) {
                list.set(i, better);
              }
              open.push(new Visit(better, visit.depth + 1));
            }
          }
        }
        case SqlCall call -> {
          List<SqlNode> operands = call.getOperandList();
          for (int i = 0; i < operands.size(); i++) {
            SqlNode child = operands.get(i);
            if (child != null) {
              SqlNode better = improved(child);
              if (better != child) {
                call.setOperand(i, better);
              }
              open.push(new Visit(better, visit.depth + 1));
            }
          }
        }
        default -> {}
      }
    }
    return top;
  }

  private static SqlNode improved(SqlNode node) {
    if (node instanceof SqlCharStringLiteral literal) {
      return withoutCharacterSet(literal);
    }
    if (node instanceof SqlNumericLiteral number) {
      return exact(number);
    }
    if (node.getKind() == SqlKind.MINUS_PREFIX
        && ((SqlCall) node).operand(0) instanceof SqlNumericLiteral number
        && number.isInteger()
        && number.bigDecimalValue().equals(BEYOND_LONG)) {
      return SqlLiteral.createExactNumeric("-" + BEYOND_LONG, node.getParserPosition());
    }
    if (!(node instanceof SqlCall call) || !ASSOCIATIVE.contains(call.getOperator())) {
      return node;
    }
    SqlOperator operator = call.getOperator();
    List<SqlNode> terms = new ArrayList<>();
    Deque<SqlNode> open = new ArrayDeque<>();
    open.push(call);
    while (!open.isEmpty()) {
      SqlNode term = open.pop();
      if (term instanceof SqlCall same
          && same.getOperator() == operator
          && same.operandCount() == 2) {
        open.push(same.operand(1));
        open.push(same.operand(0));
      } else {
        terms.add(term);
      }
    }
    return terms.size() <= SHORT_CHAIN ? node : join(operator, terms);
  }

  /** To Calcite a whole number beyond BIGINT is a DOUBLE. */
  private static SqlNode exact(SqlNumericLiteral number) {
    BigDecimal value = number.isInteger() ? number.bigDecimalValue() : BigDecimal.ZERO;
    if (value.compareTo(BEYOND_LONG) < 0 || value.precision() > MAX_DIGITS) {
      return number;
    }
    SqlParserPos position = number.getParserPosition();
    return SqlStdOperatorTable.CAST.createCall(
        position,
        SqlLiteral.createCharString(value.toPlainString(), position),
        new SqlDataTypeSpec(
            new SqlBasicTypeNameSpec(SqlTypeName.DECIMAL, value.precision(), 0, position),
            position));
  }

  /** E'...' and U&'...' come with a character set; to us all text is Unicode. */
  private static SqlNode withoutCharacterSet(SqlCharStringLiteral literal) {
    NlsString text = literal.getValueAs(NlsString.class);
    return text.getCharsetName() == null
        ? literal
        : SqlLiteral.createCharString(text.getValue(), literal.getParserPosition());
  }

  private static SqlNode join(SqlOperator operator, List<SqlNode> terms) {
    if (terms.size() == 1) {
      return terms.getFirst();
    }
    int middle = terms.size() / 2;
    SqlNode left = join(operator, terms.subList(0, middle));
    SqlNode right = join(operator, terms.subList(middle, terms.size()));
    return operator.createCall(
        SqlParserPos.sum(List.of(left.getParserPosition(), right.getParserPosition())),
        left,
        right);
  }
}
