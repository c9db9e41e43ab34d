package dev.kelda.server.flight;

import dev.kelda.executor.FunctionInfo;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.arrow.flight.FlightProducer.ServerStreamListener;
import org.apache.arrow.flight.sql.FlightSqlProducer.Schemas;
import org.apache.arrow.flight.sql.SqlInfoBuilder;
import org.apache.arrow.flight.sql.impl.FlightSql.SqlInfo;
import org.apache.arrow.flight.sql.impl.FlightSql.SqlNullOrdering;
import org.apache.arrow.flight.sql.impl.FlightSql.SqlOuterJoinsSupportLevel;
import org.apache.arrow.flight.sql.impl.FlightSql.SqlSupportedCaseSensitivity;
import org.apache.arrow.flight.sql.impl.FlightSql.SqlSupportedElementActions;
import org.apache.arrow.flight.sql.impl.FlightSql.SqlSupportedGroupBy;
import org.apache.arrow.flight.sql.impl.FlightSql.SqlSupportedPositionedCommands;
import org.apache.arrow.flight.sql.impl.FlightSql.SqlSupportedResultSetType;
import org.apache.arrow.flight.sql.impl.FlightSql.SqlSupportedSubqueries;
import org.apache.arrow.flight.sql.impl.FlightSql.SqlSupportedTransaction;
import org.apache.arrow.flight.sql.impl.FlightSql.SqlSupportedUnions;
import org.apache.arrow.flight.sql.impl.FlightSql.SqlSupportsConvert;
import org.apache.arrow.flight.sql.impl.FlightSql.SqlTransactionIsolationLevel;
import org.apache.arrow.flight.sql.impl.FlightSql.SupportedAnsi92SqlGrammarLevel;
import org.apache.arrow.flight.sql.impl.FlightSql.SupportedSqlGrammar;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;

/**
 * What the server can do, for GetSqlInfo: every value the protocol names, save Substrait's versions
 * and the concurrency of results that can be updated.
 */
final class SqlInfoTable {
  private static final long NO_LIMIT = 0;
  private static final long TEXT_LIMIT = 1 << 20;

  private static final Set<Integer> KNOWN =
      Arrays.stream(SqlInfo.values())
          .filter(info -> info != SqlInfo.UNRECOGNIZED)
          .filter(info -> !info.name().contains("SUBSTRAIT_M"))
          .filter(info -> !info.name().contains("CONCURRENCIES")) // results cannot be updated
          .map(SqlInfo::getNumber)
          .collect(Collectors.toUnmodifiableSet());

  private final SqlInfoBuilder values;

  SqlInfoTable(String version, List<FunctionInfo> functions) {
    this.values =
        new SqlInfoBuilder()
            .withFlightSqlServerName("Kelda")
            .withFlightSqlServerVersion(version)
            .withFlightSqlServerArrowVersion("18.3.0")
            .withFlightSqlServerReadOnly(false)
            .withFlightSqlServerSql(true)
            .withFlightSqlServerSubstrait(false)
            .withFlightSqlServerTransaction(SqlSupportedTransaction.SQL_SUPPORTED_TRANSACTION_NONE)
            .withFlightSqlServerCancel(true)
            .withFlightSqlServerBulkIngestion(true)
            .withFlightSqlServerBulkIngestionTransaction(false)
            .withFlightSqlServerStatementTimeout(0)
            .withFlightSqlServerTransactionTimeout(0);
    language();
    support();
    sizes();
    functions(functions);
  }

  private void language() {
    values
        .withSqlDdlCatalog(false)
        .withSqlDdlSchema(true)
        .withSqlDdlTable(true)
        .withSqlIdentifierCase(SqlSupportedCaseSensitivity.SQL_CASE_SENSITIVITY_CASE_INSENSITIVE)
        .withSqlIdentifierQuoteChar("\"")
        .withSqlQuotedIdentifierCase(
            SqlSupportedCaseSensitivity.SQL_CASE_SENSITIVITY_CASE_INSENSITIVE)
        .withSqlAllTablesAreSelectable(true)
        .withSqlNullOrdering(SqlNullOrdering.SQL_NULLS_SORTED_AT_END)
        .withSqlKeywords(
            new String[] {
              "ASOF",
              "EXCLUDE",
              "ILIKE",
              "LIMIT",
              "MATCH_CONDITION",
              "OFFSET",
              "QUALIFY",
              "TOLERANCE",
              "USE"
            })
        .withSqlSearchStringEscape("\\")
        .withSqlExtraNameCharacters("$")
        .withSqlSupportsColumnAliasing(true)
        .withSqlNullPlusNullIsNull(true)
        .withSqlSupportsConvert(conversions())
        .withSqlSupportsTableCorrelationNames(true)
        .withSqlSupportsDifferentTableCorrelationNames(false)
        .withSqlSupportsExpressionsInOrderBy(true)
        .withSqlSupportsOrderByUnrelated(true)
        .withSqlSupportedGroupBy(
            SqlSupportedGroupBy.SQL_GROUP_BY_UNRELATED,
            SqlSupportedGroupBy.SQL_GROUP_BY_BEYOND_SELECT)
        .withSqlSupportsLikeEscapeClause(true)
        .withSqlSupportsNonNullableColumns(true)
        .withSqlSupportedGrammar(
            SupportedSqlGrammar.SQL_MINIMUM_GRAMMAR, SupportedSqlGrammar.SQL_CORE_GRAMMAR)
        .withSqlAnsi92SupportedLevel(SupportedAnsi92SqlGrammarLevel.ANSI92_ENTRY_SQL)
        .withSqlSupportsIntegrityEnhancementFacility(false)
        .withSqlOuterJoinSupportLevel(SqlOuterJoinsSupportLevel.SQL_FULL_OUTER_JOINS)
        .withSqlSchemaTerm("schema")
        .withSqlProcedureTerm("procedure")
        .withSqlCatalogTerm("catalog")
        .withSqlCatalogAtStart(true);
  }

  private void support() {
    SqlSupportedElementActions[] everywhere = {
      SqlSupportedElementActions.SQL_ELEMENT_IN_PROCEDURE_CALLS,
      SqlSupportedElementActions.SQL_ELEMENT_IN_INDEX_DEFINITIONS,
      SqlSupportedElementActions.SQL_ELEMENT_IN_PRIVILEGE_DEFINITIONS
    };
    values
        .withSqlSchemasSupportedActions(everywhere)
        .withSqlCatalogsSupportedActions(everywhere)
        .withSqlSupportedPositionedCommands(new SqlSupportedPositionedCommands[0])
        .withSqlSelectForUpdateSupported(false)
        .withSqlStoredProceduresSupported(false)
        .withSqlSubQueriesSupported(
            SqlSupportedSubqueries.SQL_SUBQUERIES_IN_COMPARISONS,
            SqlSupportedSubqueries.SQL_SUBQUERIES_IN_EXISTS,
            SqlSupportedSubqueries.SQL_SUBQUERIES_IN_INS,
            SqlSupportedSubqueries.SQL_SUBQUERIES_IN_QUANTIFIEDS)
        .withSqlCorrelatedSubqueriesSupported(true)
        .withSqlSupportedUnions(SqlSupportedUnions.SQL_UNION, SqlSupportedUnions.SQL_UNION_ALL)
        .withSqlTransactionsSupported(false)
        .withSqlDefaultTransactionIsolation(SqlTransactionIsolationLevel.SQL_TRANSACTION_NONE_VALUE)
        .withSqlSupportedTransactionsIsolationLevels(
            SqlTransactionIsolationLevel.SQL_TRANSACTION_NONE)
        .withSqlDataDefinitionCausesTransactionCommit(false)
        .withSqlDataDefinitionsInTransactionsIgnored(false)
        .withSqlSupportedResultSetTypes(SqlSupportedResultSetType.SQL_RESULT_SET_TYPE_FORWARD_ONLY)
        .withSqlBatchUpdatesSupported(false)
        .withSqlSavepointsSupported(false)
        .withSqlNamedParametersSupported(false)
        .withSqlLocatorsUpdateCopy(false)
        .withSqlStoredFunctionsUsingCallSyntaxSupported(false);
  }

  private void sizes() {
    values
        .withSqlMaxBinaryLiteralLength(TEXT_LIMIT)
        .withSqlMaxCharLiteralLength(TEXT_LIMIT)
        .withSqlMaxColumnNameLength(NO_LIMIT)
        .withSqlMaxColumnsInGroupBy(NO_LIMIT)
        .withSqlMaxColumnsInIndex(NO_LIMIT)
        .withSqlMaxColumnsInOrderBy(NO_LIMIT)
        .withSqlMaxColumnsInSelect(NO_LIMIT)
        .withSqlMaxColumnsInTable(NO_LIMIT)
        .withSqlMaxConnections(NO_LIMIT)
        .withSqlMaxCursorNameLength(NO_LIMIT)
        .withSqlMaxIndexLength(NO_LIMIT)
        .withSqlDbSchemaNameLength(NO_LIMIT)
        .withSqlMaxProcedureNameLength(NO_LIMIT)
        .withSqlMaxCatalogNameLength(NO_LIMIT)
        .withSqlMaxRowSize(NO_LIMIT)
        .withSqlMaxRowSizeIncludesBlobs(true)
        .withSqlMaxStatementLength(TEXT_LIMIT)
        .withSqlMaxStatements(NO_LIMIT)
        .withSqlMaxTableNameLength(NO_LIMIT)
        .withSqlMaxTablesInSelect(NO_LIMIT)
        .withSqlMaxUsernameLength(NO_LIMIT);
  }

  private void functions(List<FunctionInfo> functions) {
    values
        .withSqlNumericFunctions(names(functions, "math", "numeric"))
        .withSqlStringFunctions(names(functions, "string", "text"))
        .withSqlSystemFunctions(names(functions, "system", "conditional"))
        .withSqlDatetimeFunctions(names(functions, "date", "time"));
  }

  private static String[] names(List<FunctionInfo> functions, String... categories) {
    return functions.stream()
        .filter(
            function -> Stream.of(categories).anyMatch(function.category().toLowerCase()::contains))
        .map(FunctionInfo::name)
        .distinct()
        .sorted()
        .toArray(String[]::new);
  }

  private static Map<Integer, List<Integer>> conversions() {
    List<Integer> numbers =
        List.of(
            SqlSupportsConvert.SQL_CONVERT_TINYINT_VALUE,
            SqlSupportsConvert.SQL_CONVERT_SMALLINT_VALUE,
            SqlSupportsConvert.SQL_CONVERT_INTEGER_VALUE,
            SqlSupportsConvert.SQL_CONVERT_BIGINT_VALUE,
            SqlSupportsConvert.SQL_CONVERT_REAL_VALUE,
            SqlSupportsConvert.SQL_CONVERT_FLOAT_VALUE,
            SqlSupportsConvert.SQL_CONVERT_DECIMAL_VALUE);
    List<Integer> times =
        List.of(
            SqlSupportsConvert.SQL_CONVERT_DATE_VALUE,
            SqlSupportsConvert.SQL_CONVERT_TIMESTAMP_VALUE);
    List<Integer> text = List.of(SqlSupportsConvert.SQL_CONVERT_VARCHAR_VALUE);
    List<Integer> all = Stream.of(numbers, times, text).flatMap(List::stream).distinct().toList();
    return all.stream()
        .collect(
            Collectors.toMap(
                from -> from,
                from ->
                    numbers.contains(from)
                        ? Stream.concat(numbers.stream(), text.stream()).toList()
                        : times.contains(from)
                            ? Stream.concat(times.stream(), text.stream()).toList()
                            : all));
  }

  private static void sendNothing(ServerStreamListener listener) {
    try (BufferAllocator allocator = new RootAllocator();
        VectorSchemaRoot root = VectorSchemaRoot.create(Schemas.GET_SQL_INFO_SCHEMA, allocator)) {
      listener.start(root);
      listener.completed();
    }
  }

  /** Sends the values asked for, all of them when none is named; unknown ones are left out. */
  void send(List<Integer> wanted, ServerStreamListener listener) {
    List<Integer> known =
        (wanted.isEmpty() ? KNOWN.stream() : wanted.stream().filter(KNOWN::contains))
            .distinct()
            .sorted()
            .toList();
    if (known.isEmpty()) {
      sendNothing(listener);
    } else {
      values.send(known, listener);
    }
  }
}
