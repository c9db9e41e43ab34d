package dev.kelda.planner.validate;

import dev.kelda.parser.Positions;
import dev.kelda.parser.Selects;
import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.planner.catalog.Names;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.planner.search.SearchOperator;
import dev.kelda.planner.search.SearchSelect;
import dev.kelda.spi.connector.AddressedTable;
import dev.kelda.spi.connector.Search;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.connector.TableFunction.Argument;
import dev.kelda.spi.connector.TableFunction.Expansion;
import dev.kelda.spi.connector.View;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlFunction;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlWith;
import org.apache.calcite.sql.SqlWithItem;
import org.apache.calcite.sql.parser.SqlParserPos;

/** What calls in FROM are looked up in, where they stand. */
final class CallContext implements RelationArguments.Context {
  private final CatalogSnapshot catalog;
  private final Function<SqlNode, Schema> columns;
  private final Deque<SqlWith> withs =
      new ArrayDeque<>(); // around the current node, innermost first

  /**
   * @param columns the columns of a query, which is used up
   */
  CallContext(CatalogSnapshot catalog, Function<SqlNode, Schema> columns) {
    this.catalog = catalog;
    this.columns = columns;
  }

  /** Does the work where the names of WITH are known. */
  void within(SqlWith with, Runnable work) {
    withs.push(with);
    work.run();
    withs.pop();
  }

  Map.Entry<String, TableFunction> tableFunction(SqlCall call) {
    String name = String.join(".", ((SqlFunction) call.getOperator()).getNameAsId().names);
    return catalog
        .tableFunction(name)
        .orElseThrow(
            () ->
                new KeldaException(
                    ErrorCode.FUNCTION_NOT_FOUND,
                    "there is no table function \"%s\"%s"
                        .formatted(name, Names.suggestion(name, catalog.tableFunctionNames())),
                    Positions.start(call)));
  }

  @Override
  public Schema columns(SqlNode query) {
    return columns.apply(inScope(query));
  }

  @Override
  public Optional<Table> table(SqlIdentifier name) {
    boolean hidden =
        name.isSimple()
            && withs.stream()
                .flatMap(with -> with.withList.stream())
                .anyMatch(
                    item ->
                        ((SqlWithItem) item).name.getSimple().equalsIgnoreCase(name.getSimple()));
    return hidden
        ? Optional.empty()
        : catalog.find(name.names).map(TableReference::table).filter(t -> !(t instanceof View));
  }

  @Override
  public Argument.Searched search(SqlNode node, String prefix, Map<String, SqlNode> nodes) {
    SqlNode inner = node.getKind() == SqlKind.COLLECTION_TABLE ? ((SqlCall) node).operand(0) : node;
    if (!(inner instanceof SqlCall call)
        || !(call.getOperator() instanceof SqlFunction)
        || call.isA(SqlKind.QUERY)) {
      throw FunctionArguments.error("a search such as VECTOR_SEARCH(…) must stand here", node);
    }
    TableFunction function = tableFunction(call).getValue();
    RelationArguments arguments = RelationArguments.of(function, call, prefix, this);
    Expansion expansion =
        positioned(
            call,
            () ->
                function.expand(new TableFunction.Call(catalog.session(), arguments.arguments())));
    if (!(expansion instanceof Expansion.Found found)) {
      throw FunctionArguments.error("a search such as VECTOR_SEARCH(…) must stand here", node);
    }
    nodes.putAll(arguments.nodes());
    return new Argument.Searched(found.search(), found.version());
  }

  /** The SELECT in the place of a search. */
  SqlNode select(Search search, RelationArguments arguments, SqlParserPos position) {
    Argument.Relation rows = search.rows();
    if (!(rows.pinned().orElse(null) instanceof AddressedTable table)) {
      Schema schema = rows.schema().get();
      int width = schema.getFields().size();
      SqlNode node = arguments.node(rows.placeholder());
      return SearchSelect.of(
          search, node, schema, width, Optional.empty(), arguments::node, position);
    }
    TableReference reference = catalog.table(rows.table().orElseThrow(), Optional.empty());
    String key = "rows of " + reference;
    Table addressed =
        catalog
            .addSynthetic(
                key,
                reference.catalog(),
                reference.name(),
                () -> reference.loader().get().flatMap(CallContext::addressed))
            .table();
    Schema schema = table.schema();
    SearchOperator.Rows again = new SearchOperator.Rows(key, schema.getFields().size());
    return SearchSelect.of(
        search,
        new SqlIdentifier(key, position),
        schema,
        addressed.schema().getFields().size(),
        Optional.of(again),
        arguments::node,
        position);
  }

  private static Optional<Table> addressed(Table table) {
    return table instanceof AddressedTable rows
        ? Optional.of(rows.addressed(file -> true))
        : Optional.empty();
  }

  /** A query that stands as an argument sees the names that WITH gave around the call. */
  private SqlNode inScope(SqlNode query) {
    SqlNode scoped = query instanceof SqlIdentifier name ? Selects.allOf(name) : query;
    for (SqlWith with : withs) {
      scoped =
          new SqlWith(
              with.getParserPosition(),
              (SqlNodeList) RelationArguments.copy(with.withList),
              scoped);
    }
    return scoped;
  }

  /** Errors without a position get that of the node. */
  static <T> T positioned(SqlNode at, Supplier<T> work) {
    try {
      return work.get();
    } catch (KeldaException e) {
      throw e.position().isPresent()
          ? e
          : new KeldaException(
              e.code(), e.getMessage(), Positions.start(at.getParserPosition()), e.getCause());
    }
  }
}
