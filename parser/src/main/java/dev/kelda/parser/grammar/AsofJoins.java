package dev.kelda.parser.grammar;

import static dev.kelda.parser.grammar.KeldaParserImplConstants.ASOF;
import static dev.kelda.parser.grammar.KeldaParserImplConstants.FULL;
import static dev.kelda.parser.grammar.KeldaParserImplConstants.INNER;
import static dev.kelda.parser.grammar.KeldaParserImplConstants.LEFT;
import static dev.kelda.parser.grammar.KeldaParserImplConstants.OUTER;
import static dev.kelda.parser.grammar.KeldaParserImplConstants.RIGHT;

import dev.kelda.parser.SqlAsofJoin;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.TextPosition;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.calcite.sql.JoinConditionType;
import org.apache.calcite.sql.JoinType;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;

/** From every spelling of the as-of join to the one node. */
final class AsofJoins {
  private AsofJoins() {}

  /** ASOF; or LEFT, INNER, RIGHT or FULL and then, perhaps after OUTER, ASOF. */
  static boolean startsHere(KeldaParserImpl parser) {
    int first = parser.getToken(1).kind;
    int second = parser.getToken(2).kind;
    return switch (first) {
      case ASOF -> true;
      case INNER -> second == ASOF;
      case LEFT, RIGHT, FULL ->
          second == ASOF || second == OUTER && parser.getToken(3).kind == ASOF;
      default -> false;
    };
  }

  /** The word just read asks for the rows of the right side that nothing matched. */
  static void refuseSide(KeldaParserImpl parser) {
    Token word = parser.getToken(0);
    throw new KeldaException(
        ErrorCode.NOT_SUPPORTED,
        "an as-of join keeps the rows of its left side: write ASOF JOIN or LEFT ASOF JOIN, not "
            + word.image.toUpperCase(Locale.ROOT),
        new TextPosition(word.beginLine, word.beginColumn));
  }

  /** Null means absent for the last four. */
  static SqlNode create(
      SqlParserPos position,
      SqlNode left,
      boolean outer,
      SqlNode right,
      SqlNode match,
      SqlNode tolerance,
      SqlNode on,
      SqlNodeList using) {
    SqlNode key = on;
    SqlNode matching = match;
    if (match == null) {
      List<SqlNode> terms = on == null ? List.of() : conjuncts(on);
      matching = onlyInequality(terms, position);
      SqlNode found = matching;
      key =
          terms.stream()
              .filter(term -> term != found)
              .reduce(
                  (a, b) ->
                      SqlStdOperatorTable.AND.createCall(
                          SqlParserPos.sum(List.of(a.getParserPosition(), b.getParserPosition())),
                          a,
                          b))
              .orElse(null);
    } else if (!isInequality(match)) {
      throw error("MATCH_CONDITION must be one comparison by >=, >, <= or <", match);
    }
    boolean byUsing = using != null;
    return new SqlAsofJoin(
        position,
        left,
        (outer ? JoinType.LEFT : JoinType.INNER).symbol(position),
        right,
        (byUsing ? JoinConditionType.USING : JoinConditionType.ON).symbol(position),
        byUsing ? using : Optional.ofNullable(key).orElse(SqlLiteral.createBoolean(true, position)),
        matching,
        Optional.ofNullable(tolerance));
  }

  private static SqlNode onlyInequality(List<SqlNode> terms, SqlParserPos position) {
    List<SqlNode> found = terms.stream().filter(AsofJoins::isInequality).toList();
    if (found.isEmpty()) {
      throw new KeldaException(
          ErrorCode.SYNTAX_ERROR,
          "ASOF JOIN needs MATCH_CONDITION (left_time >= right_time), or that comparison in ON",
          Nodes.position(position));
    }
    if (found.size() > 1) {
      throw error(
          "ASOF JOIN takes one comparison by >=, >, <= or <; this is another", found.get(1));
    }
    return found.getFirst();
  }

  private static boolean isInequality(SqlNode node) {
    return node.getKind() == SqlKind.GREATER_THAN_OR_EQUAL
        || node.getKind() == SqlKind.GREATER_THAN
        || node.getKind() == SqlKind.LESS_THAN_OR_EQUAL
        || node.getKind() == SqlKind.LESS_THAN;
  }

  private static List<SqlNode> conjuncts(SqlNode condition) {
    List<SqlNode> terms = new ArrayList<>();
    Deque<SqlNode> open = new ArrayDeque<>();
    open.push(condition);
    while (!open.isEmpty()) {
      SqlNode node = open.pop();
      if (node instanceof SqlCall call && call.getKind() == SqlKind.AND) {
        call.getOperandList().reversed().forEach(open::push);
      } else {
        terms.add(node);
      }
    }
    return terms;
  }

  private static KeldaException error(String message, SqlNode node) {
    return new KeldaException(
        ErrorCode.SYNTAX_ERROR, message, Nodes.position(node.getParserPosition()));
  }
}
