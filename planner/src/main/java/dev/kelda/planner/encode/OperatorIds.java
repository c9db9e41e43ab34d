package dev.kelda.planner.encode;

import static java.util.Map.entry;

import dev.kelda.planner.decorrelate.SingleRow;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.fun.SqlInternalOperators;
import org.apache.calcite.sql.fun.SqlLibraryOperators;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;

/**
 * Ids of the operators that are part of the language rather than of the function registry. The
 * native engine knows exactly these strings, with these arguments:
 *
 * <pre>
 * like ilike similar_to   (value, pattern[, escape]); negated = not(…)
 * date_part               (unit as a lower-case UTF8 literal, value)
 * date_trunc date_ceil    (unit literal, value): FLOOR(x TO unit), CEIL(x TO unit)
 * position                (needle, text[, from])
 * trim ltrim rtrim        (text, characters)
 * item                    (list, 1-based index) or (map, key)
 * row                     (field…), type = the struct;  array (element…);  map (key, value, …)
 * date_diff_days          (date, date): INT32, first minus second
 * timestamp_diff          (timestamp, timestamp): interval, first minus second
 * timestamp_diff_units    (unit literal, from, to): TIMESTAMPDIFF
 * add subtract            also (date | timestamp | time, interval) and (interval, interval)
 * multiply divide         also (interval, number)
 * single_row              (rows, value): the value; MORE_THAN_ONE_ROW when rows > 1
 * </pre>
 */
public final class OperatorIds {
  private static final Map<SqlOperator, String> IDS =
      new IdentityHashMap<>(
          Map.ofEntries(
              entry(SqlStdOperatorTable.PLUS, "add"),
              entry(SqlStdOperatorTable.DATETIME_PLUS, "add"),
              entry(SqlStdOperatorTable.MINUS, "subtract"),
              entry(SqlStdOperatorTable.MULTIPLY, "multiply"),
              entry(SqlStdOperatorTable.DIVIDE, "divide"),
              entry(SqlStdOperatorTable.DIVIDE_INTEGER, "divide"),
              entry(SqlStdOperatorTable.CHECKED_PLUS, "add"),
              entry(SqlStdOperatorTable.CHECKED_MINUS, "subtract"),
              entry(SqlStdOperatorTable.CHECKED_MULTIPLY, "multiply"),
              entry(SqlStdOperatorTable.CHECKED_DIVIDE, "divide"),
              entry(SqlStdOperatorTable.CHECKED_DIVIDE_INTEGER, "divide"),
              entry(SqlStdOperatorTable.CHECKED_UNARY_MINUS, "negate"),
              entry(SqlStdOperatorTable.MOD, "modulo"),
              entry(SqlStdOperatorTable.PERCENT_REMAINDER, "modulo"),
              entry(SqlStdOperatorTable.UNARY_MINUS, "negate"),
              entry(SqlStdOperatorTable.EQUALS, "eq"),
              entry(SqlStdOperatorTable.NOT_EQUALS, "neq"),
              entry(SqlStdOperatorTable.LESS_THAN, "lt"),
              entry(SqlStdOperatorTable.LESS_THAN_OR_EQUAL, "lte"),
              entry(SqlStdOperatorTable.GREATER_THAN, "gt"),
              entry(SqlStdOperatorTable.GREATER_THAN_OR_EQUAL, "gte"),
              entry(SqlStdOperatorTable.AND, "and"),
              entry(SqlStdOperatorTable.OR, "or"),
              entry(SqlStdOperatorTable.NOT, "not"),
              entry(SqlStdOperatorTable.IS_NULL, "is_null"),
              entry(SqlStdOperatorTable.IS_UNKNOWN, "is_null"),
              entry(SqlStdOperatorTable.IS_NOT_NULL, "is_not_null"),
              entry(SqlStdOperatorTable.IS_NOT_UNKNOWN, "is_not_null"),
              entry(SqlStdOperatorTable.IS_TRUE, "is_true"),
              entry(SqlStdOperatorTable.IS_NOT_TRUE, "is_not_true"),
              entry(SqlStdOperatorTable.IS_FALSE, "is_false"),
              entry(SqlStdOperatorTable.IS_NOT_FALSE, "is_not_false"),
              entry(SqlStdOperatorTable.IS_DISTINCT_FROM, "is_distinct_from"),
              entry(SqlStdOperatorTable.IS_NOT_DISTINCT_FROM, "is_not_distinct_from"),
              entry(SqlStdOperatorTable.LIKE, "like"),
              entry(SqlLibraryOperators.ILIKE, "ilike"),
              entry(SqlStdOperatorTable.SIMILAR_TO, "similar_to"),
              entry(SqlStdOperatorTable.CONCAT, "concat"),
              entry(SqlStdOperatorTable.EXTRACT, "date_part"),
              entry(SqlStdOperatorTable.COALESCE, "coalesce"),
              entry(SqlStdOperatorTable.NULLIF, "nullif"),
              entry(SqlStdOperatorTable.POSITION, "position"),
              entry(SqlStdOperatorTable.SUBSTRING, "substring"),
              entry(SqlStdOperatorTable.OVERLAY, "overlay"),
              entry(SqlStdOperatorTable.UPPER, "upper"),
              entry(SqlStdOperatorTable.LOWER, "lower"),
              entry(SqlStdOperatorTable.CHAR_LENGTH, "char_length"),
              entry(SqlStdOperatorTable.CHARACTER_LENGTH, "char_length"),
              entry(SqlStdOperatorTable.OCTET_LENGTH, "octet_length"),
              entry(SqlStdOperatorTable.CEIL, "ceil"),
              entry(SqlStdOperatorTable.FLOOR, "floor"),
              entry(SqlStdOperatorTable.ABS, "abs"),
              entry(SqlStdOperatorTable.SQRT, "sqrt"),
              entry(SqlStdOperatorTable.EXP, "exp"),
              entry(SqlStdOperatorTable.LN, "ln"),
              entry(SqlStdOperatorTable.LOG10, "log10"),
              entry(SqlStdOperatorTable.POWER, "power"),
              entry(SqlStdOperatorTable.ROUND, "round"),
              entry(SqlStdOperatorTable.TRUNCATE, "trunc"),
              entry(SqlStdOperatorTable.SIGN, "sign"),
              entry(SqlStdOperatorTable.ITEM, "item"),
              entry(SqlStdOperatorTable.ROW, "row"),
              entry(SqlStdOperatorTable.ARRAY_VALUE_CONSTRUCTOR, "array"),
              entry(SqlStdOperatorTable.MAP_VALUE_CONSTRUCTOR, "map"),
              entry(SqlStdOperatorTable.CARDINALITY, "cardinality"),
              entry(SqlStdOperatorTable.TIMESTAMP_DIFF, "timestamp_diff_units"),
              entry(SqlStdOperatorTable.CURRENT_DATE, "current_date"),
              entry(SqlStdOperatorTable.CURRENT_TIME, "current_time"),
              entry(SqlStdOperatorTable.CURRENT_TIMESTAMP, "current_timestamp"),
              entry(SqlStdOperatorTable.LOCALTIME, "localtime"),
              entry(SqlStdOperatorTable.LOCALTIMESTAMP, "localtimestamp"),
              entry(SqlStdOperatorTable.COUNT, "count"),
              entry(SqlStdOperatorTable.SUM, "sum"),
              entry(SqlStdOperatorTable.SUM0, "sum0"),
              entry(SqlStdOperatorTable.AVG, "avg"),
              entry(SqlStdOperatorTable.MIN, "min"),
              entry(SqlStdOperatorTable.MAX, "max"),
              entry(SqlStdOperatorTable.ANY_VALUE, "any_value"),
              entry(SqlStdOperatorTable.STDDEV, "stddev_samp"),
              entry(SqlStdOperatorTable.STDDEV_POP, "stddev_pop"),
              entry(SqlStdOperatorTable.STDDEV_SAMP, "stddev_samp"),
              entry(SqlStdOperatorTable.VARIANCE, "var_samp"),
              entry(SqlStdOperatorTable.VAR_POP, "var_pop"),
              entry(SqlStdOperatorTable.VAR_SAMP, "var_samp"),
              entry(SqlStdOperatorTable.SINGLE_VALUE, "single_value"),
              entry(SingleRow.OPERATOR, "single_row"),
              entry(SqlStdOperatorTable.GROUPING, "grouping"),
              entry(SqlStdOperatorTable.GROUPING_ID, "grouping"),
              entry(SqlStdOperatorTable.ROW_NUMBER, "row_number"),
              entry(SqlStdOperatorTable.RANK, "rank"),
              entry(SqlStdOperatorTable.DENSE_RANK, "dense_rank"),
              entry(SqlStdOperatorTable.PERCENT_RANK, "percent_rank"),
              entry(SqlStdOperatorTable.CUME_DIST, "cume_dist"),
              entry(SqlStdOperatorTable.NTILE, "ntile"),
              entry(SqlStdOperatorTable.LAG, "lag"),
              entry(SqlStdOperatorTable.LEAD, "lead"),
              entry(SqlStdOperatorTable.FIRST_VALUE, "first_value"),
              entry(SqlStdOperatorTable.LAST_VALUE, "last_value"),
              entry(SqlStdOperatorTable.NTH_VALUE, "nth_value"),
              entry(SqlInternalOperators.LITERAL_AGG, "literal_agg")));

  private OperatorIds() {}

  public static Optional<String> of(SqlOperator operator) {
    return Optional.ofNullable(IDS.get(operator));
  }
}
