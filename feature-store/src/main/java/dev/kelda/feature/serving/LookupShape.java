package dev.kelda.feature.serving;

import dev.kelda.feature.online.ViewLayout;
import dev.kelda.spi.connector.Operand;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scalar;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlCharStringLiteral;
import org.apache.calcite.sql.SqlDynamicParam;
import org.apache.calcite.sql.SqlFunction;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlNumericLiteral;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.SqlSnapshot;

/**
 * A query that looks like a lookup: plain columns of one view, and a WHERE.
 *
 * @param atPresent said by {@code FOR SYSTEM_TIME AS OF CURRENT_TIMESTAMP}, not by ONLINE
 */
record LookupShape(
    List<String> view, boolean atPresent, List<SqlNode> selected, List<SqlNode> conjuncts) {
  LookupShape {
    view = List.copyOf(view);
    selected = List.copyOf(selected);
    conjuncts = List.copyOf(conjuncts);
  }

  /** Empty for a query that looks otherwise. */
  static Optional<LookupShape> of(SqlNode query) {
    if (!(query instanceof SqlSelect select)
        || select.getFrom() == null
        || select.getWhere() == null
        || hasMore(select)) {
      return Optional.empty();
    }
    SqlNode from = select.getFrom();
    if (from.getKind() == SqlKind.AS) {
      SqlCall as = (SqlCall) from;
      if (as.operandCount() > 2) {
        return Optional.empty();
      }
      from = as.operand(0);
    }
    Optional<List<String>> called = online(from);
    Optional<List<String>> present = called.isPresent() ? Optional.empty() : present(from);
    return called
        .or(() -> present)
        .map(
            name ->
                new LookupShape(
                    name,
                    present.isPresent(),
                    select.getSelectList().getList(),
                    conjuncts(select.getWhere())));
  }

  private static boolean hasMore(SqlSelect select) {
    return select.isDistinct()
        || select.getGroup() != null
        || select.getHaving() != null
        || select.getQualify() != null
        || !select.getWindowList().isEmpty()
        || select.getOrderList() != null
        || select.getOffset() != null
        || select.getFetch() != null
        || select.hasHints();
  }

  /** The view of {@code ONLINE(view)}. */
  private static Optional<List<String>> online(SqlNode from) {
    SqlNode call = from.getKind() == SqlKind.COLLECTION_TABLE ? ((SqlCall) from).operand(0) : from;
    if (call instanceof SqlCall online
        && online.getOperator() instanceof SqlFunction function
        && function.getName().equalsIgnoreCase("ONLINE")
        && online.operandCount() == 1) {
      SqlNode argument = online.operand(0);
      SqlNode name =
          argument.getKind() == SqlKind.EXPLICIT_TABLE ? ((SqlCall) argument).operand(0) : argument;
      return name instanceof SqlIdentifier id ? Optional.of(id.names) : Optional.empty();
    }
    return Optional.empty();
  }

  /** The view of {@code view FOR SYSTEM_TIME AS OF CURRENT_TIMESTAMP}. */
  private static Optional<List<String>> present(SqlNode from) {
    return from instanceof SqlSnapshot snapshot
            && snapshot.getTableRef() instanceof SqlIdentifier id
            && snapshot.getPeriod().toString().replace("`", "").equals("CURRENT_TIMESTAMP")
        ? Optional.of(id.names)
        : Optional.empty();
  }

  private static List<SqlNode> conjuncts(SqlNode where) {
    if (where.getKind() != SqlKind.AND) {
      return List.of(where);
    }
    List<SqlNode> all = new ArrayList<>();
    ((SqlCall) where).getOperandList().forEach(term -> all.addAll(conjuncts(term)));
    return all;
  }

  /** A column of the result. */
  record Column(int ordinal, String label) {}

  /** The columns of the result; empty when one is not just a column of the view. */
  Optional<List<Column>> columns(Schema schema) {
    List<Column> columns = new ArrayList<>();
    for (SqlNode item : selected) {
      if (item instanceof SqlIdentifier id && id.isStar() && id.names.size() == 1) {
        for (int i = 0; i < schema.getFields().size(); i++) {
          columns.add(new Column(i, schema.getFields().get(i).getName()));
        }
        continue;
      }
      boolean renamed = item.getKind() == SqlKind.AS && ((SqlCall) item).operandCount() == 2;
      SqlNode column = renamed ? ((SqlCall) item).operand(0) : item;
      Optional<Integer> ordinal =
          column instanceof SqlIdentifier id && id.isSimple()
              ? exactly(schema, id.getSimple())
              : Optional.empty();
      if (ordinal.isEmpty()) {
        return Optional.empty();
      }
      String label =
          renamed
              ? ((SqlIdentifier) ((SqlCall) item).operand(1)).getSimple()
              : ((SqlIdentifier) column).getSimple();
      columns.add(new Column(ordinal.get(), label));
    }
    return Optional.of(columns);
  }

  private static Optional<Integer> exactly(Schema schema, String name) {
    List<Integer> found =
        IntStream.range(0, schema.getFields().size())
            .filter(i -> schema.getFields().get(i).getName().equalsIgnoreCase(name))
            .boxed()
            .toList();
    return found.size() == 1 && schema.getFields().get(found.getFirst()).getName().equals(name)
        ? Optional.of(found.getFirst())
        : Optional.empty();
  }

  /** The WHERE as conditions on columns of the key; empty when it says anything else. */
  Optional<List<Predicate>> conditions(ViewLayout layout) {
    List<Predicate> conditions = new ArrayList<>();
    for (SqlNode conjunct : conjuncts) {
      Optional<Predicate> condition = condition(conjunct, layout);
      if (condition.isEmpty()) {
        return Optional.empty();
      }
      conditions.add(condition.get());
    }
    return Optional.of(conditions);
  }

  private static Optional<Predicate> condition(SqlNode node, ViewLayout layout) {
    if (!(node instanceof SqlCall call)
        || !(call.getKind() == SqlKind.EQUALS || call.getKind() == SqlKind.IN)) {
      return Optional.empty();
    }
    boolean turned = call.getKind() == SqlKind.EQUALS && call.operand(1) instanceof SqlIdentifier;
    SqlNode left = call.operand(turned ? 1 : 0);
    SqlNode right = call.operand(turned ? 0 : 1);
    Optional<Integer> column =
        left instanceof SqlIdentifier id && id.isSimple()
            ? exactly(layout.columns(), id.getSimple())
            : Optional.empty();
    if (column.isEmpty() || IntStream.of(layout.keys()).noneMatch(k -> k == column.get())) {
      return Optional.empty();
    }
    Field field = layout.columns().getFields().get(column.get());
    List<SqlNode> values =
        call.getKind() == SqlKind.IN && right instanceof SqlNodeList list
            ? list.getList()
            : List.of(right);
    List<Operand> operands = new ArrayList<>();
    for (SqlNode value : values) {
      operand(value, field.getType()).ifPresent(operands::add);
    }
    return operands.size() == values.size()
        ? Optional.of(new Predicate.In(column.get(), operands))
        : Optional.empty();
  }

  /** A parameter, or a literal that has the column's type without a cast. */
  private static Optional<Operand> operand(SqlNode value, ArrowType type) {
    if (value instanceof SqlDynamicParam parameter) {
      return Optional.of(new Operand.Parameter(parameter.getIndex(), type));
    }
    if (value instanceof SqlCharStringLiteral text && type instanceof ArrowType.Utf8) {
      return Optional.of(Scalar.of(type, text.toValue()));
    }
    if (type instanceof ArrowType.Int integer) {
      return number(value)
          .filter(n -> fits(n, integer.getBitWidth()))
          .map(n -> Scalar.of(type, n.longValueExact()));
    }
    return Optional.empty();
  }

  private static Optional<BigDecimal> number(SqlNode value) {
    if (value instanceof SqlNumericLiteral literal && literal.isInteger()) {
      return Optional.of(literal.bigDecimalValue());
    }
    return value instanceof SqlCall call && call.getKind() == SqlKind.MINUS_PREFIX
        ? number(call.operand(0)).map(BigDecimal::negate)
        : Optional.empty();
  }

  private static boolean fits(BigDecimal number, int bits) {
    return number.toBigInteger().bitLength() < bits;
  }

  /** The result's columns for EXPLAIN. */
  String text() {
    return String.join(", ", selected.stream().map(SqlNode::toString).toList()).replace("`", "");
  }
}
