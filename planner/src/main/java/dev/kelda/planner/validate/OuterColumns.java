package dev.kelda.planner.validate;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlJoin;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.util.SqlBasicVisitor;
import org.apache.calcite.sql.util.SqlShuttle;

/**
 * Columns of an outer row beside aggregates, as in {@code (SELECT SUM(t.x) * o.rate FROM t)}: one
 * value, but Calcite asks for them in GROUP BY. Each becomes a sub-query {@code (SELECT o.rate)}.
 * They must be qualified.
 */
final class OuterColumns extends SqlBasicVisitor<Void> {
  private final Deque<Set<String>> around = new ArrayDeque<>(); // aliases of FROM, inmost first

  private OuterColumns() {}

  static void expand(SqlNode query) {
    query.accept(new OuterColumns());
  }

  @Override
  public Void visit(SqlCall call) {
    if (!(call instanceof SqlSelect select)) {
      return super.visit(call);
    }
    Set<String> own = new TreeSet<>();
    if (select.getFrom() != null) {
      collect(select.getFrom(), own);
    }
    if (!around.isEmpty() && isTotal(select)) {
      Wrapper wrapper = new Wrapper(own);
      select.getSelectList().replaceAll(item -> wrapper.item(item));
      if (select.getHaving() != null) {
        select.setHaving(select.getHaving().accept(wrapper));
      }
    }
    around.push(own);
    super.visit(call);
    around.pop();
    return null;
  }

  private static boolean isTotal(SqlSelect select) {
    return select.getGroup() != null
        || select.getHaving() != null
        || select.getSelectList().stream().anyMatch(item -> GroupByAll.aggregates(item, false));
  }

  private static void collect(SqlNode from, Set<String> aliases) {
    switch (from) {
      case SqlJoin join -> {
        collect(join.getLeft(), aliases);
        collect(join.getRight(), aliases);
      }
      case SqlIdentifier table -> aliases.add(lower(table.names.getLast()));
      case SqlCall call when call.getKind() == SqlKind.AS ->
          aliases.add(lower(((SqlIdentifier) call.operand(1)).getSimple()));
      case SqlCall call when call.operandCount() > 0 && call.operand(0) != null ->
          collect(call.operand(0), aliases);
      default -> {}
    }
  }

  private static String lower(String name) {
    return name.toLowerCase(Locale.ROOT);
  }

  private final class Wrapper extends SqlShuttle {
    private final Set<String> own;

    Wrapper(Set<String> own) {
      this.own = own;
    }

    /** An item keeps its name. */
    SqlNode item(SqlNode item) {
      SqlNode wrapped = item.accept(this);
      return wrapped != item && item instanceof SqlIdentifier name
          ? SqlStdOperatorTable.AS.createCall(
              item.getParserPosition(),
              wrapped,
              new SqlIdentifier(name.names.getLast(), SqlParserPos.ZERO))
          : wrapped;
    }

    @Override
    public SqlNode visit(SqlCall call) {
      boolean inside =
          call.isA(SqlKind.QUERY)
              || call.getKind() == SqlKind.OVER
              || GroupByAll.isAggregate(call.getOperator());
      return inside ? call : super.visit(call);
    }

    @Override
    public SqlNode visit(SqlIdentifier id) {
      if (id.isSimple() || id.isStar()) {
        return id;
      }
      String qualifier = lower(id.names.getFirst());
      boolean outer =
          !own.contains(qualifier)
              && around.stream().anyMatch(aliases -> aliases.contains(qualifier));
      return outer ? select(id) : id;
    }

    private static SqlNode select(SqlIdentifier id) {
      SqlParserPos at = id.getParserPosition();
      return new SqlSelect(
          at, null, SqlNodeList.of(id), null, null, null, null, null, null, null, null, null, null);
    }
  }
}
