package dev.kelda.planner.validate;

import dev.kelda.spi.error.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.util.Litmus;

/**
 * {@code ROLLUP (a, a)} and {@code CUBE (a, a)} as the grouping sets that they stand for. Calcite
 * takes the two for sets of columns, in which the groups of {@code (a, a)} and {@code (a)} come
 * once only. And a limit, as Calcite lists all the sets of a {@code CUBE} while it plans.
 */
final class GroupingSets {
  /** Of one {@code GROUP BY}, as in PostgreSQL: a {@code CUBE} of 12 keys. */
  private static final long MOST_SETS = 4096;

  private GroupingSets() {}

  static void expand(SqlSelect select) {
    SqlNodeList group = select.getGroup();
    if (group == null) {
      return;
    }
    long sets = 1;
    for (SqlNode element : group) {
      sets *= count(element);
      if (sets > MOST_SETS) {
        String message = "GROUP BY has more than %,d grouping sets".formatted(MOST_SETS);
        throw ValidationErrors.at(ErrorCode.NOT_SUPPORTED, message, element);
      }
    }
    group.replaceAll(GroupingSets::expanded);
  }

  /** How many sets an element stands for; above the limit at the latest one more than it. */
  private static long count(SqlNode element) {
    return switch (element.getKind()) {
      case CUBE -> 1L << Math.min(((SqlCall) element).operandCount(), 13);
      case ROLLUP -> ((SqlCall) element).operandCount() + 1L;
      case GROUPING_SETS ->
          ((SqlCall) element).getOperandList().stream().mapToLong(GroupingSets::count).sum();
      default -> 1;
    };
  }

  private static SqlNode expanded(SqlNode element) {
    if (element.getKind() != SqlKind.ROLLUP && element.getKind() != SqlKind.CUBE) {
      return element;
    }
    List<SqlNode> keys = ((SqlCall) element).getOperandList();
    if (!isRepeated(keys)) {
      return element;
    }
    SqlParserPos position = element.getParserPosition();
    List<SqlNode> sets = new ArrayList<>();
    if (element.getKind() == SqlKind.ROLLUP) {
      for (int size = keys.size(); size >= 0; size--) {
        sets.add(set(keys.subList(0, size), position));
      }
    } else {
      for (int kept = (1 << keys.size()) - 1; kept >= 0; kept--) {
        sets.add(set(kept(keys, kept), position));
      }
    }
    return SqlStdOperatorTable.GROUPING_SETS.createCall(position, sets);
  }

  private static boolean isRepeated(List<SqlNode> keys) {
    for (int i = 1; i < keys.size(); i++) {
      SqlNode key = keys.get(i);
      if (keys.subList(0, i).stream().anyMatch(k -> k.equalsDeep(key, Litmus.IGNORE))) {
        return true;
      }
    }
    return false;
  }

  private static List<SqlNode> kept(List<SqlNode> keys, int bits) {
    List<SqlNode> kept = new ArrayList<>();
    for (int i = 0; i < keys.size(); i++) {
      if ((bits >> i & 1) == 1) {
        kept.add(keys.get(i));
      }
    }
    return kept;
  }

  /** As the parser has it: the key itself, a row of several, an empty list. */
  private static SqlNode set(List<SqlNode> keys, SqlParserPos position) {
    return switch (keys.size()) {
      case 0 -> new SqlNodeList(position);
      case 1 -> keys.getFirst();
      default -> SqlStdOperatorTable.ROW.createCall(position, keys);
    };
  }
}
