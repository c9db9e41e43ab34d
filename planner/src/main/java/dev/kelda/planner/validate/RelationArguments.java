package dev.kelda.planner.validate;

import dev.kelda.parser.SqlModelName;
import dev.kelda.parser.SqlText;
import dev.kelda.parser.Statement;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.connector.TableFunction.Argument;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.SqlQuery;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.util.SqlShuttle;

/**
 * The arguments of one call in FROM whose function may take more than constants, and the nodes that
 * its placeholders stand for.
 */
final class RelationArguments {
  private final String prefix;
  private final Context context;
  private final Map<String, Argument> arguments = new LinkedHashMap<>();
  private final Map<String, SqlNode> nodes = new HashMap<>();
  private final Map<String, SqlNode> calls = new HashMap<>();

  /** What arguments are looked up in. */
  interface Context {
    /** The columns of a query, which is used up. */
    Schema columns(SqlNode query);

    /** The table of a name; empty where the name means something else. */
    Optional<Table> table(SqlIdentifier name);

    /**
     * The search of a call in FROM.
     *
     * @param nodes takes the nodes of the search's placeholders
     * @param prefix of their names
     */
    Argument.Searched search(SqlNode call, String prefix, Map<String, SqlNode> nodes);
  }

  private RelationArguments(String prefix, Context context) {
    this.prefix = prefix;
    this.context = context;
  }

  static RelationArguments of(TableFunction function, SqlCall call, Context context) {
    return of(function, call, "$", context);
  }

  /**
   * @param prefix of the placeholders' names
   */
  static RelationArguments of(
      TableFunction function, SqlCall call, String prefix, Context context) {
    RelationArguments all = new RelationArguments(prefix, context);
    FunctionArguments.assign(function, call)
        .forEach(
            (parameter, node) -> all.arguments.put(parameter.name(), all.one(parameter, node)));
    return all;
  }

  /** One constant. */
  static RelationArguments of(String parameter, Scalar value) {
    RelationArguments one = new RelationArguments("$", null);
    one.arguments.put(parameter, new Argument.Constant(value));
    return one;
  }

  /** {@code (path => a.csv, header => true)}: equal texts are equal calls. */
  String text() {
    return arguments.entrySet().stream()
        .map(e -> e.getKey() + " => " + text(e.getKey(), e.getValue()))
        .collect(Collectors.joining(", ", "(", ")"));
  }

  private Object text(String parameter, Argument argument) {
    return switch (argument) {
      case Argument.Constant constant -> constant.value().value().orElse("NULL");
      case Argument.Columns columns -> columns.names();
      case Argument.Model model -> model.name();
      case Argument.Relation relation -> nodes.get(prefix + parameter).toString();
      case Argument.Expression expression -> nodes.get(prefix + parameter).toString();
      case Argument.Searched searched -> calls.get(parameter).toString();
    };
  }

  Map<String, Argument> arguments() {
    return arguments;
  }

  /** The nodes by the names of their placeholders. */
  Map<String, SqlNode> nodes() {
    return nodes;
  }

  /** The node of a placeholder, which is used up. */
  SqlNode node(String placeholder) {
    return nodes.get(placeholder.substring(1, placeholder.length() - 1));
  }

  /** The query of an expansion with the arguments in the places of their placeholders. */
  SqlNode substitute(SqlQuery query) {
    Statement statement = SqlText.parse(query.text());
    if (!(statement instanceof Statement.Query parsed) || parsed.parameterCount() > 0) {
      throw new KeldaException(
          ErrorCode.INTERNAL_ERROR, "not a query without parameters: " + query.text());
    }
    Map<String, Boolean> used = new HashMap<>();
    return parsed
        .query()
        .accept(
            new SqlShuttle() {
              @Override
              public SqlNode visit(SqlIdentifier name) {
                SqlNode node = name.isSimple() ? nodes.get(name.getSimple()) : null;
                if (node == null) {
                  return name;
                }
                return used.put(name.getSimple(), true) == null ? node : copy(node);
              }
            });
  }

  private Argument one(TableFunction.Parameter parameter, SqlNode node) {
    String key = prefix + parameter.name();
    String placeholder = '"' + key + '"';
    return switch (parameter.kind()) {
      case CONSTANT -> new Argument.Constant(FunctionArguments.converted(parameter, node));
      case RELATION -> {
        SqlNode relation = relation(node);
        nodes.put(key, relation);
        Optional<SqlIdentifier> name =
            relation instanceof SqlIdentifier id ? Optional.of(id) : Optional.empty();
        yield new Argument.Relation(
            placeholder,
            name.map(n -> n.names),
            name.flatMap(context::table),
            () -> context.columns(copy(relation)));
      }
      case COLUMNS -> new Argument.Columns(columns(node));
      case MODEL -> new Argument.Model(model(node));
      case EXPRESSION -> {
        nodes.put(key, node);
        yield new Argument.Expression(placeholder, constant(node));
      }
      case SEARCH -> {
        calls.put(parameter.name(), copy(node));
        yield context.search(node, key + ".", nodes);
      }
    };
  }

  private static SqlNode relation(SqlNode node) {
    SqlNode relation =
        node.getKind() == SqlKind.EXPLICIT_TABLE ? ((SqlCall) node).operand(0) : node;
    if (relation instanceof SqlIdentifier || relation.isA(SqlKind.QUERY)) {
      return relation;
    }
    throw FunctionArguments.error("TABLE t or (query) must stand here", node);
  }

  private static List<String> columns(SqlNode node) {
    List<String> names = new ArrayList<>();
    if (node instanceof SqlCall call && call.getOperator().isName("DESCRIPTOR", false)) {
      for (SqlNode column : call.getOperandList()) {
        if (!(column instanceof SqlIdentifier name) || !name.isSimple()) {
          throw FunctionArguments.error("a column's name must stand here", column);
        }
        names.add(name.getSimple());
      }
    }
    if (names.isEmpty()) {
      throw FunctionArguments.error("DESCRIPTOR(column, …) must stand here", node);
    }
    return names;
  }

  private static String model(SqlNode node) {
    if (node instanceof SqlModelName name) {
      return String.join(".", name.names);
    }
    return constant(node)
        .flatMap(Scalar::value)
        .filter(String.class::isInstance)
        .map(String.class::cast)
        .orElseThrow(() -> FunctionArguments.error("MODEL name must stand here", node));
  }

  private static Optional<Scalar> constant(SqlNode node) {
    return node instanceof SqlLiteral
        ? Optional.of(FunctionArguments.constant(node))
        : Optional.empty();
  }

  /** Validation changes nodes: each place needs its own. */
  static SqlNode copy(SqlNode node) {
    return node.accept(
        new SqlShuttle() {
          @Override
          public SqlNode visit(SqlCall call) {
            CallCopyingArgHandler handler = new CallCopyingArgHandler(call, true);
            call.getOperator().acceptCall(this, call, false, handler);
            return handler.result();
          }

          @Override
          public SqlNode visit(SqlNodeList list) {
            SqlNodeList copy = new SqlNodeList(list.getParserPosition());
            list.forEach(item -> copy.add(item == null ? null : item.accept(this)));
            return copy;
          }

          @Override
          public SqlNode visit(SqlIdentifier name) {
            return name.clone(name.getParserPosition());
          }
        });
  }
}
