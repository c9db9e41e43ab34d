package dev.kelda.planner.validate;

import dev.kelda.parser.Positions;
import dev.kelda.parser.SqlPath;
import dev.kelda.parser.SqlTableVersion;
import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.connector.TableFunction.Expansion;
import dev.kelda.spi.connector.TimeTravelConnector;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.TextPosition;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlFunction;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlJoin;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlOrderBy;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.SqlSnapshot;
import org.apache.calcite.sql.SqlWith;
import org.apache.calcite.sql.SqlWithItem;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;

/**
 * Replaces what stands in FROM without being a table's name by a synthetic table of the snapshot:
 * paths, table functions with constant arguments, and tables at a version. Changes the tree in
 * place, before validation, so that each gets the schema it has at that version.
 */
public final class FromRewriter {
  private static final Map<String, String> READERS =
      Map.of(
          "parquet", "READ_PARQUET",
          "csv", "READ_CSV",
          "tsv", "READ_CSV",
          "json", "READ_JSON",
          "jsonl", "READ_JSON",
          "ndjson", "READ_JSON",
          "arrow", "READ_ARROW",
          "feather", "READ_ARROW",
          "arrows", "READ_ARROW",
          "ipc", "READ_ARROW");

  private final CatalogSnapshot catalog;
  private final CallContext calls;
  private final TimelineJoins timelines;
  private final Deque<String> queryNames = new ArrayDeque<>(); // what WITH gave around the node

  /**
   * @param columns the columns of a query, which is used up
   */
  public FromRewriter(CatalogSnapshot catalog, Function<SqlNode, Schema> columns) {
    this.catalog = catalog;
    this.calls = new CallContext(catalog, columns);
    this.timelines = new TimelineJoins(catalog, columns, queryNames);
  }

  /** The same query without paths, table functions and versions. */
  public SqlNode rewrite(SqlNode query) {
    SqlNode expanded = expanded(query);
    OuterColumns.expand(expanded);
    walk(expanded);
    StructFields.expand(expanded, catalog);
    return expanded;
  }

  private void walk(SqlNode node) {
    DateLiterals.resolve(node);
    if (node instanceof SqlNodeList list) {
      list.replaceAll(this::expanded);
      list.forEach(this::walk);
    } else if (node instanceof SqlCall call) {
      if (call instanceof SqlOrderBy order && order.query instanceof SqlSelect select) {
        DistinctOn.expand(select, order.orderList);
      }
      if (call instanceof SqlSelect select) {
        DistinctOn.expand(select, SqlNodeList.EMPTY);
        GroupByAll.expand(select);
        GroupingSets.expand(select);
        SelectUnnest.expand(select);
        StarExcludes.expand(select);
        if (select.getFrom() != null) {
          select.setFrom(from(select.getFrom(), true));
        }
      } else if (call instanceof SqlJoin join) {
        join.setLeft(from(join.getLeft(), true));
        join.setRight(from(join.getRight(), true));
        if (join.getCondition() != null && join.getCondition().isA(SqlKind.QUERY)) {
          join.setOperand(
              5,
              SqlStdOperatorTable.IS_TRUE.createCall(
                  join.getCondition().getParserPosition(), join.getCondition()));
        }
      }
      expandOperands(call);
      if (call.getKind() == SqlKind.OVER) {
        WindowFilters.expand(call);
      }
      OrderedAggregates.expand(call);
      if (call instanceof SqlWith with) {
        calls.within(with, () -> with(with));
      } else {
        call.getOperandList().forEach(this::walk);
      }
    }
  }

  /** A query that is a join's whole condition would be taken for a table. */
  private static SqlNode condition(SqlNode query) {
    return SqlStdOperatorTable.IS_TRUE.createCall(query.getParserPosition(), query);
  }

  /** Each query sees those before it, a recursive one itself. */
  private void with(SqlWith with) {
    for (SqlNode item : with.withList) {
      SqlWithItem query = (SqlWithItem) item;
      boolean recursive = query.recursive.booleanValue();
      if (recursive) {
        queryNames.push(query.name.getSimple());
      }
      walk(query);
      if (!recursive) {
        queryNames.push(query.name.getSimple());
      }
    }
    walk(with.body);
    with.withList.forEach(item -> queryNames.pop());
  }

  private SqlNode expanded(SqlNode node) {
    return OrderByAll.expand(Abbreviations.expand(node, catalog.session()));
  }

  private void expandOperands(SqlCall call) {
    List<SqlNode> operands = call.getOperandList();
    boolean named = call.getKind() == SqlKind.AS || call.getKind() == SqlKind.DOT;
    int values = named ? 1 : operands.size();
    for (int i = 0; i < values; i++) {
      SqlNode expanded = expanded(operands.get(i));
      if (expanded != operands.get(i)) {
        call.setOperand(i, expanded);
      }
    }
  }

  private SqlNode from(SqlNode node, boolean needsAlias) {
    return switch (node) {
      case SqlPath path -> path(path, needsAlias);
      case SqlJoin join -> timelines.rewrite(join);
      case SqlSnapshot snapshot ->
          timelines
              .at(snapshot, needsAlias)
              .orElseGet(
                  () ->
                      version(
                          snapshot.getTableRef(),
                          "time",
                          snapshot.getPeriod(),
                          snapshot,
                          needsAlias));
      case SqlTableVersion version ->
          version(version.table(), "version", version.version(), version, needsAlias);
      case SqlCall call when call.getKind() == SqlKind.AS -> {
        boolean series = Series.isNamed(call);
        call.setOperand(0, from(call.operand(0), false));
        yield series
            ? Series.named(call.operand(0), ((SqlIdentifier) call.operand(1)).getSimple())
            : call;
      }
      case SqlCall call when call.getKind() == SqlKind.TABLESAMPLE -> {
        call.setOperand(0, from(call.operand(0), needsAlias));
        yield call;
      }
      case SqlCall call when call.getKind() == SqlKind.TABLE_REF -> {
        SqlNode table = from(call.operand(0), needsAlias);
        yield table == call.operand(0) ? call : table;
      }
      case SqlCall call
          when call.getKind() == SqlKind.COLLECTION_TABLE || call.getKind() == SqlKind.LATERAL -> {
        SqlNode inner = from(call.operand(0), needsAlias);
        yield inner == call.operand(0)
            ? call
            : call.getKind() == SqlKind.LATERAL ? lateral(inner) : inner;
      }
      case SqlCall call
          when call.getOperator() instanceof SqlFunction && call.getKind() != SqlKind.UNNEST ->
          function(call, needsAlias);
      default -> node;
    };
  }

  /** A query in a lateral call's place still sees its neighbours. */
  private static SqlNode lateral(SqlNode inner) {
    if (inner.getKind() == SqlKind.AS) {
      SqlCall as = (SqlCall) inner;
      as.setOperand(0, lateral(as.operand(0)));
      return as;
    }
    return inner.isA(SqlKind.QUERY)
        ? SqlStdOperatorTable.LATERAL.createCall(inner.getParserPosition(), inner)
        : inner;
  }

  private SqlNode path(SqlPath path, boolean needsAlias) {
    String text = path.path();
    String name = text.substring(text.lastIndexOf('/') + 1);
    String plain = name.replaceAll("(?i)\\.(gz|zst|bz2|xz)$", "");
    String extension = plain.substring(plain.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    String reader = READERS.getOrDefault(extension, "READ_PARQUET");
    Map.Entry<String, TableFunction> function =
        catalog
            .tableFunction(reader)
            .orElseThrow(
                () ->
                    new KeldaException(
                        ErrorCode.NOT_SUPPORTED,
                        "no attached catalog reads files such as '" + text + "'",
                        Positions.start(path)));
    TableFunction.Parameter first = function.getValue().parameters().getFirst();
    RelationArguments arguments =
        RelationArguments.of(first.name(), Scalar.of(CanonicalTypes.UTF8, text));
    String stem = plain.contains(".") ? plain.substring(0, plain.lastIndexOf('.')) : plain;
    String key = function.getValue().name() + arguments.text();
    return expand(function, arguments, key, "'" + text + "'", stem, path, needsAlias);
  }

  private SqlNode function(SqlCall call, boolean needsAlias) {
    SqlIdentifier id = ((SqlFunction) call.getOperator()).getNameAsId();
    if (Series.isSeries(call) && !Series.isConstant(call)) {
      String column = String.join(".", id.names).toLowerCase(Locale.ROOT);
      SqlNode unnested = Series.unnested(call);
      return needsAlias ? Series.named(unnested, column) : unnested;
    }
    Map.Entry<String, TableFunction> function = calls.tableFunction(call);
    RelationArguments arguments = RelationArguments.of(function.getValue(), call, calls);
    String label = function.getValue().name() + arguments.text();
    String alias = id.names.getLast().toLowerCase(Locale.ROOT);
    return expand(function, arguments, label, label, alias, call, needsAlias);
  }

  private SqlNode expand(
      Map.Entry<String, TableFunction> function,
      RelationArguments arguments,
      String key,
      String label,
      String alias,
      SqlNode at,
      boolean needsAlias) {
    String unique = function.getKey() + ":" + key;
    SqlIdentifier name = new SqlIdentifier(unique, at.getParserPosition());
    if (catalog.synthetic(unique).isPresent()) {
      return named(name, alias, needsAlias);
    }
    TableFunction.Call call = new TableFunction.Call(catalog.session(), arguments.arguments());
    return switch (CallContext.positioned(at, () -> function.getValue().expand(call))) {
      case Expansion.Rows rows -> {
        Supplier<Optional<Table>> loader = () -> table(function.getValue().expand(call));
        catalog.addSynthetic(unique, function.getKey(), label, rows.table(), loader);
        yield named(name, alias, needsAlias);
      }
      case Expansion.Query query -> {
        catalog.depend(unique, query.version());
        yield named(arguments.substitute(query.query()), alias, needsAlias);
      }
      case Expansion.Found found -> {
        catalog.depend(unique, found.version());
        SqlNode select =
            CallContext.positioned(
                at, () -> calls.select(found.search(), arguments, at.getParserPosition()));
        yield named(select, alias, needsAlias);
      }
    };
  }

  private static Optional<Table> table(Expansion expansion) {
    return expansion instanceof Expansion.Rows rows ? Optional.of(rows.table()) : Optional.empty();
  }

  private SqlNode version(
      SqlNode table, String kind, SqlNode version, SqlNode at, boolean needsAlias) {
    Optional<TextPosition> position = Positions.start(at.getParserPosition());
    if (!(table instanceof SqlIdentifier name)) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED, "only a table by its name can be read AS OF", position, null);
    }
    TableReference current = catalog.table(name.names, position);
    TimeTravelConnector.Moment moment = moment(version, kind, position);
    Supplier<Optional<Table>> loader = () -> catalog.tableAsOf(current, moment);
    Optional<Table> then;
    try {
      then = loader.get();
    } catch (KeldaException e) {
      throw new KeldaException(e.code(), e.getMessage(), position, e);
    }
    if (then.isEmpty()) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          "table \"" + current + "\" keeps no versions to be read AS OF",
          position,
          null);
    }
    String key = current + "@" + moment;
    catalog.addSynthetic(key, current.catalog(), current.name(), loader);
    return named(new SqlIdentifier(key, at.getParserPosition()), name.names.getLast(), needsAlias);
  }

  private static TimeTravelConnector.Moment moment(
      SqlNode version, String kind, Optional<TextPosition> position) {
    Scalar value = FunctionArguments.constant(version);
    Object given = value.value().orElse("NULL");
    boolean time = kind.equals("time");
    if (time && given instanceof Long at && value.type() instanceof ArrowType.Timestamp) {
      return new TimeTravelConnector.Moment.At(Instant.EPOCH.plus(at, ChronoUnit.MICROS));
    }
    if (!time && given instanceof Long id) {
      return new TimeTravelConnector.Moment.Snapshot(id);
    }
    if (!time && value.value().isPresent() && given instanceof String ref) {
      return new TimeTravelConnector.Moment.Ref(ref);
    }
    throw new KeldaException(
        ErrorCode.INVALID_ARGUMENT,
        time
            ? "AS OF takes a TIMESTAMP here, not " + version
            : "AS OF takes the id of a snapshot, or the name of a tag or branch, not " + version,
        position,
        null);
  }

  private static SqlNode named(SqlNode table, String alias, boolean needsAlias) {
    SqlParserPos position = table.getParserPosition();
    return needsAlias
        ? SqlStdOperatorTable.AS.createCall(position, table, new SqlIdentifier(alias, position))
        : table;
  }
}
