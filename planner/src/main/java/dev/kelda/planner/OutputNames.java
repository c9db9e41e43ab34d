package dev.kelda.planner;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlOrderBy;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.SqlStarExclude;
import org.apache.calcite.sql.SqlStarReplace;
import org.apache.calcite.sql.SqlWith;
import org.apache.calcite.sql.dialect.AnsiSqlDialect;

/** Names for result columns that the query does not name: the text of their expressions. */
final class OutputNames {
  private static final int LONGEST = 60;

  private OutputNames() {}

  /** One per select item, empty where Calcite's name is right; no names when there is a star. */
  static List<String> of(SqlNode query) {
    return switch (query) {
      case SqlSelect select -> select.getSelectList().stream().map(OutputNames::name).toList();
      case SqlOrderBy order -> of(order.query);
      case SqlWith with -> of(with.body);
      case SqlCall call when call.isA(SqlKind.SET_QUERY) -> of(call.operand(0));
      default -> List.of();
    };
  }

  static List<String> merge(List<String> names, List<String> labels) {
    return names.size() != labels.size()
        ? names
        : IntStream.range(0, names.size())
            .mapToObj(
                i ->
                    names.get(i).startsWith("EXPR$") && !labels.get(i).isEmpty()
                        ? labels.get(i)
                        : names.get(i))
            .toList();
  }

  private static String name(SqlNode item) {
    if (item instanceof SqlIdentifier name) {
      return name.isStar() ? "" : name.names.getLast(); // s.a may become s['a']
    }
    if (item instanceof SqlStarExclude
        || item instanceof SqlStarReplace
        || item.getKind() == SqlKind.AS
        || !isSmall(item)) {
      return "";
    }
    String text =
        item.toSqlString(
                c ->
                    c.withDialect(AnsiSqlDialect.DEFAULT)
                        .withQuoteAllIdentifiers(false)
                        .withAlwaysUseParentheses(false)
                        .withIndentation(0)
                        .withClauseStartsLine(false)
                        .withKeywordsLowerCase(true))
            .getSql()
            .replaceAll("\\s+", " ");
    if (text.length() > LONGEST) {
      return "";
    }
    return text.contains("'") ? text : text.toLowerCase(Locale.ROOT);
  }

  private static boolean isSmall(SqlNode node) {
    return node.getParserPosition().getEndColumnNum() - node.getParserPosition().getColumnNum()
            <= 2 * LONGEST
        && !node.isA(SqlKind.QUERY);
  }
}
