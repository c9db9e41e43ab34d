package dev.kelda.planner.validate;

import dev.kelda.parser.Positions;
import dev.kelda.parser.SqlPath;
import dev.kelda.parser.SqlTableVersion;
import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.planner.catalog.Names;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlFunction;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlJoin;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.SqlSnapshot;
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
          "feather", "READ_ARROW");

  private final CatalogSnapshot catalog;

  public FromRewriter(CatalogSnapshot catalog) {
    this.catalog = catalog;
  }

  /** The same query without paths, table functions and versions. */
  public SqlNode rewrite(SqlNode query) {
    walk(query);
    return query;
  }

  private void walk(SqlNode node) {
    DateLiterals.resolve(node);
    if (node instanceof SqlNodeList list) {
      list.forEach(this::walk);
    } else if (node instanceof SqlCall call) {
      if (call instanceof SqlSelect select) {
        GroupByAll.expand(select);
        if (select.getFrom() != null) {
          select.setFrom(from(select.getFrom(), true));
        }
      } else if (call instanceof SqlJoin join) {
        join.setLeft(from(join.getLeft(), true));
        join.setRight(from(join.getRight(), true));
      }
      if (call.getKind() == SqlKind.OVER) {
        WindowFilters.expand(call);
      }
      call.getOperandList().forEach(this::walk);
    }
  }

  private SqlNode from(SqlNode node, boolean needsAlias) {
    return switch (node) {
      case SqlPath path -> path(path, needsAlias);
      case SqlSnapshot snapshot ->
          version(snapshot.getTableRef(), "time", snapshot.getPeriod(), snapshot, needsAlias);
      case SqlTableVersion version ->
          version(version.table(), "version", version.version(), version, needsAlias);
      case SqlCall call when call.getKind() == SqlKind.AS -> {
        call.setOperand(0, from(call.operand(0), false));
        yield call;
      }
      case SqlCall call when call.getKind() == SqlKind.TABLE_REF -> {
        SqlNode table = from(call.operand(0), needsAlias);
        yield table == call.operand(0) ? call : table;
      }
      case SqlCall call
          when call.getKind() == SqlKind.COLLECTION_TABLE || call.getKind() == SqlKind.LATERAL -> {
        SqlNode inner = from(call.operand(0), needsAlias);
        yield inner == call.operand(0) ? call : inner;
      }
      case SqlCall call
          when call.getOperator() instanceof SqlFunction && call.getKind() != SqlKind.UNNEST ->
          function(call, needsAlias);
      default -> node;
    };
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
    Map<String, Scalar> arguments =
        Map.of(first.name(), Scalar.of(CanonicalTypes.UTF8, text));
    String stem = plain.contains(".") ? plain.substring(0, plain.lastIndexOf('.')) : plain;
    return synthetic(function, arguments, "'" + text + "'", stem, path, needsAlias);
  }

  private SqlNode function(SqlCall call, boolean needsAlias) {
    String name = call.getOperator().getName();
    Map.Entry<String, TableFunction> function =
        catalog
            .tableFunction(name)
            .orElseThrow(
                () ->
                    new KeldaException(
                        ErrorCode.FUNCTION_NOT_FOUND,
                        "there is no table function \"%s\"%s"
                            .formatted(name, Names.suggestion(name, catalog.tableFunctionNames())),
                        Positions.start(call)));
    Map<String, Scalar> arguments = FunctionArguments.of(function.getValue(), call);
    String label = function.getValue().name() + FunctionArguments.text(arguments);
    return synthetic(
        function, arguments, label, name.toLowerCase(Locale.ROOT), call, needsAlias);
  }

  private SqlNode synthetic(
      Map.Entry<String, TableFunction> function,
      Map<String, Scalar> arguments,
      String label,
      String alias,
      SqlNode at,
      boolean needsAlias) {
    String key =
        function.getKey() + ":" + function.getValue().name() + FunctionArguments.text(arguments);
    try {
      catalog.addSynthetic(
          key, function.getKey(), label, () -> Optional.of(function.getValue().apply(arguments)));
    } catch (KeldaException e) {
      throw e.position().isPresent()
          ? e
          : new KeldaException(
              e.code(), e.getMessage(), Positions.start(at.getParserPosition()), e.getCause());
    }
    return named(new SqlIdentifier(key, at.getParserPosition()), alias, needsAlias);
  }

  private SqlNode version(
      SqlNode table, String kind, SqlNode version, SqlNode at, boolean needsAlias) {
    Optional<dev.kelda.spi.error.TextPosition> position = Positions.start(at.getParserPosition());
    if (!(table instanceof SqlIdentifier name)) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED, "only a table by its name can be read AS OF", position, null);
    }
    Scalar value = FunctionArguments.constant(version);
    List<String> parts = new java.util.ArrayList<>(name.names);
    String suffix = "@" + kind + "=" + value.value().orElse("");
    parts.set(parts.size() - 1, parts.getLast() + suffix);
    TableReference current = catalog.table(name.names, position);
    TableReference found =
        catalog
            .find(parts)
            .orElseThrow(
                () ->
                    new KeldaException(
                        ErrorCode.NOT_SUPPORTED,
                        "table \"" + current + "\" keeps no versions to be read AS OF",
                        position,
                        null));
    String key = found.catalog() + ":" + found;
    catalog.addSynthetic(
        key, found.catalog(), found.name(), () -> Optional.of(found.table()));
    return named(new SqlIdentifier(key, at.getParserPosition()), name.names.getLast(), needsAlias);
  }

  private static SqlNode named(SqlIdentifier table, String alias, boolean needsAlias) {
    SqlParserPos position = table.getParserPosition();
    return needsAlias
        ? SqlStdOperatorTable.AS.createCall(position, table, new SqlIdentifier(alias, position))
        : table;
  }
}
