package dev.kelda.planner.validate;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.error.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.sql.JoinType;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlJoin;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.SqlUtil;
import org.apache.calcite.sql.SqlWindow;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.util.SqlShuttle;
import org.apache.calcite.sql.validate.SqlNameMatcher;
import org.apache.calcite.sql.validate.SqlValidatorNamespace;
import org.apache.calcite.sql.validate.SqlValidatorUtil;

/**
 * The columns that {@code USING} and {@code NATURAL JOIN} merge: that of the side that has a value.
 * Calcite knows them in the select list alone, of two tables alone; everywhere else it takes them
 * for ambiguous, or for the first table's.
 */
final class CommonColumns {
  private final QueryValidator validator;
  private final SqlNameMatcher names;

  CommonColumns(QueryValidator validator) {
    this.validator = requireNonNull(validator, "validator is null");
    this.names = validator.getCatalogReader().nameMatcher();
  }

  /**
   * @param merged of the columns of both sides of a join
   */
  private record Column(SqlNode value, boolean merged) {}

  /** Spells out the merged columns of a query whose FROM is validated, in place. */
  void qualify(SqlSelect select) {
    if (!(select.getFrom() instanceof SqlJoin from) || !merges(from)) {
      return;
    }
    SqlNodeList items = select.getSelectList();
    SqlShuttle everywhere = new Qualifier(from, List.of());
    SqlShuttle afterAliases = new Qualifier(from, aliases(items, false));
    SqlShuttle afterItems = new Qualifier(from, aliases(items, true));
    items.replaceAll(item -> item(item, from, everywhere));
    select.setWhere(qualified(select.getWhere(), everywhere));
    qualifyEach(select.getGroup(), everywhere);
    select.setHaving(qualified(select.getHaving(), afterAliases));
    qualifyEach(select.getWindowList(), everywhere);
    select.setQualify(qualified(select.getQualify(), afterAliases));
    qualifyEach(select.getOrderList(), afterItems);
  }

  /**
   * The names of the items that go before columns.
   *
   * @param all whether those, too, that name a column as it is called
   */
  private static List<String> aliases(SqlNodeList items, boolean all) {
    return items.stream()
        .filter(item -> all || !names(SqlUtil.stripAs(item), SqlValidatorUtil.alias(item)))
        .map(SqlValidatorUtil::alias)
        .filter(Objects::nonNull)
        .toList();
  }

  private static boolean names(SqlNode value, String name) {
    return value instanceof SqlIdentifier id && id.names.getLast().equalsIgnoreCase(name);
  }

  /** An item keeps its name. */
  private SqlNode item(SqlNode item, SqlJoin from, SqlShuttle everywhere) {
    if (item instanceof SqlIdentifier name) {
      return merged(from, name)
          .<SqlNode>map(
              value ->
                  SqlStdOperatorTable.AS.createCall(
                      name.getParserPosition(),
                      value,
                      new SqlIdentifier(name.getSimple(), name.getParserPosition())))
          .orElse(item);
    }
    return item.accept(everywhere);
  }

  /** The condition of ON, MATCH_CONDITION or TOLERANCE with the merged columns spelled out. */
  SqlNode qualified(SqlNode condition, SqlJoin join) {
    return condition.accept(new Qualifier(join, List.of()));
  }

  /** What USING or NATURAL compares, where one of the sides is a join itself. */
  Optional<SqlNode> condition(SqlJoin join) {
    List<String> common = validator.usingNames(join);
    boolean nested = join.getLeft() instanceof SqlJoin || join.getRight() instanceof SqlJoin;
    if (common == null || !nested) {
      return Optional.empty();
    }
    return common.stream()
        .map(name -> equality(join, name))
        .reduce((a, b) -> SqlStdOperatorTable.AND.createCall(SqlParserPos.ZERO, a, b));
  }

  private SqlNode equality(SqlJoin join, String name) {
    SqlNode at = join.getCondition() == null ? join : join.getCondition();
    return SqlStdOperatorTable.EQUALS.createCall(
        at.getParserPosition(),
        one(afterComma(join.getLeft(), name), name, at),
        one(join.getRight(), name, at));
  }

  /** Of {@code a, b JOIN c} it is b that is joined, though Calcite takes both. */
  private SqlNode afterComma(SqlNode from, String name) {
    return from instanceof SqlJoin join
            && join.getJoinType() == JoinType.COMMA
            && !columns(join.getRight(), name, SqlParserPos.ZERO).isEmpty()
        ? join.getRight()
        : from;
  }

  private boolean merges(SqlNode from) {
    return from instanceof SqlJoin join
        && (validator.usingNames(join) != null
            || merges(join.getLeft())
            || merges(join.getRight()));
  }

  private Optional<SqlNode> merged(SqlJoin from, SqlIdentifier name) {
    if (!name.isSimple() || name.isStar() || validator.makeNullaryCall(name) != null) {
      return Optional.empty();
    }
    List<Column> found = columns(from, name.getSimple(), name.getParserPosition());
    return found.size() == 1 && found.getFirst().merged()
        ? Optional.of(found.getFirst().value())
        : Optional.empty();
  }

  private SqlNode one(SqlNode from, String name, SqlNode at) {
    List<Column> found = columns(from, name, at.getParserPosition());
    if (found.size() != 1) {
      throw ValidationErrors.at(
          ErrorCode.AMBIGUOUS_NAME,
          "column \"%s\" of USING or NATURAL JOIN is there %d times on one side; write ON"
              .formatted(name, found.size()),
          at);
    }
    return found.getFirst().value();
  }

  private List<Column> columns(SqlNode from, String name, SqlParserPos at) {
    if (!(from instanceof SqlJoin join)) {
      return column(from, name, at).stream().toList();
    }
    List<Column> left = columns(join.getLeft(), name, at);
    List<Column> right = columns(join.getRight(), name, at);
    List<String> common = validator.usingNames(join);
    boolean merged = common != null && names.indexOf(common, name) >= 0;
    if (!merged || left.size() != 1 || right.size() != 1) {
      return Stream.concat(left.stream(), right.stream()).toList();
    }
    return List.of(
        new Column(
            merge(left.getFirst().value(), right.getFirst().value(), join.getJoinType(), at),
            true));
  }

  private static SqlNode merge(SqlNode left, SqlNode right, JoinType type, SqlParserPos at) {
    return switch (type) {
      case FULL -> SqlStdOperatorTable.COALESCE.createCall(at, left, right);
      case RIGHT -> right;
      default -> left;
    };
  }

  private Optional<Column> column(SqlNode table, String name, SqlParserPos at) {
    String alias = SqlValidatorUtil.alias(table);
    SqlValidatorNamespace namespace = validator.getNamespace(table);
    if (alias == null || namespace == null) {
      return Optional.empty();
    }
    RelDataTypeField field = names.field(namespace.getRowType(), name);
    return Optional.ofNullable(field)
        .map(f -> new Column(new SqlIdentifier(List.of(alias, f.getName()), at), false));
  }

  private static SqlNode qualified(SqlNode node, SqlShuttle qualifier) {
    return node == null ? null : node.accept(qualifier);
  }

  private static void qualifyEach(SqlNodeList nodes, SqlShuttle qualifier) {
    if (nodes != null) {
      nodes.replaceAll(node -> node.accept(qualifier));
    }
  }

  /** Leaves alone what is no column: names of results, windows, fields and arguments. */
  private final class Qualifier extends SqlShuttle {
    private final SqlJoin from;
    private final List<String> aliases;

    /**
     * @param aliases names that go before columns
     */
    Qualifier(SqlJoin from, List<String> aliases) {
      this.from = from;
      this.aliases = aliases;
    }

    @Override
    public SqlNode visit(SqlIdentifier id) {
      return id.isSimple() && names.indexOf(aliases, id.getSimple()) >= 0
          ? id
          : merged(from, id).orElse(id);
    }

    @Override
    public SqlNode visit(SqlCall call) {
      if (call.isA(SqlKind.QUERY)) {
        return call;
      }
      boolean named =
          switch (call.getKind()) {
            case AS, DOT, ARGUMENT_ASSIGNMENT -> true;
            case OVER -> call.operand(1) instanceof SqlIdentifier;
            default -> false;
          };
      if (named) {
        SqlNode value = call.operand(0);
        SqlNode qualified = value.accept(this);
        return qualified == value ? call : withFirst(call, qualified);
      }
      if (call instanceof SqlWindow window) {
        qualifyEach(window.getPartitionList(), this);
        qualifyEach(window.getOrderList(), this);
        return window;
      }
      return super.visit(call);
    }

    private static SqlNode withFirst(SqlCall call, SqlNode first) {
      List<SqlNode> operands = new ArrayList<>(call.getOperandList());
      operands.set(0, first);
      return call.getOperator()
          .createCall(call.getFunctionQuantifier(), call.getParserPosition(), operands);
    }
  }
}
