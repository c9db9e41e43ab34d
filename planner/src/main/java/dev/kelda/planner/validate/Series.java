package dev.kelda.planner.validate;

import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.UnboundParameterException;
import java.util.Locale;
import java.util.Set;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;

/**
 * {@code FROM GENERATE_SERIES(a, b)} and {@code FROM RANGE(n)}: of constant numbers a table
 * function that makes its rows as they are asked for; of anything else, such as times or columns of
 * a neighbour, the elements of the function's list.
 */
final class Series {
  private static final Set<String> NAMES = Set.of("GENERATE_SERIES", "RANGE");
  private static final Set<SqlKind> TABLES = Set.of(SqlKind.COLLECTION_TABLE, SqlKind.LATERAL);

  private Series() {}

  static boolean isSeries(SqlNode node) {
    return node instanceof SqlCall call
        && NAMES.contains(call.getOperator().getName().toUpperCase(Locale.ROOT));
  }

  /** Whole numbers, or parameters, which become constants. */
  static boolean isConstant(SqlCall call) {
    return call.getOperandList().stream().allMatch(Series::isNumber);
  }

  private static boolean isNumber(SqlNode node) {
    try {
      Scalar value = FunctionArguments.constant(node);
      return value.value().orElse(null) instanceof Long;
    } catch (UnboundParameterException e) {
      return true;
    } catch (KeldaException e) {
      return false;
    }
  }

  static SqlNode unnested(SqlCall call) {
    SqlParserPos position = call.getParserPosition();
    SqlNode list =
        Abbreviations.function(call.getOperator().getName(), position, call.getOperandList());
    return SqlStdOperatorTable.UNNEST.createCall(position, list);
  }

  static SqlNode named(SqlNode table, String name) {
    SqlParserPos position = table.getParserPosition();
    SqlIdentifier alias = new SqlIdentifier(name, position);
    return SqlStdOperatorTable.AS.createCall(position, table, alias, alias);
  }

  /** The one column of {@code GENERATE_SERIES(1, 3) AS i} is i, too, as in PostgreSQL. */
  static boolean isNamed(SqlCall as) {
    SqlNode table = as.operand(0);
    while (table instanceof SqlCall call && TABLES.contains(call.getKind())) {
      table = call.operand(0);
    }
    return as.operandCount() == 2 && isSeries(table);
  }
}
