package dev.kelda.planner.change;

import dev.kelda.parser.ChangeClause;
import dev.kelda.parser.ChangeClause.Match;
import dev.kelda.parser.Name;
import dev.kelda.parser.Selects;
import dev.kelda.parser.SqlTableVersion;
import dev.kelda.parser.Statement;
import dev.kelda.planner.TargetColumns;
import dev.kelda.planner.validate.ValidationErrors;
import dev.kelda.spi.connector.RowChange;
import dev.kelda.spi.error.ErrorCode;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.calcite.sql.JoinConditionType;
import org.apache.calcite.sql.JoinType;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlJoin;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.SqlSnapshot;
import org.apache.calcite.sql.fun.SqlCase;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.util.SqlShuttle;

/** The query that gives each row of a change its clause, and the values of every clause. */
final class ChangeQuery {
  private static final SqlParserPos POS = SqlParserPos.ZERO;
  private static final String SOURCE = "$source";

  private final Statement.Change statement;
  private final String target;
  private final String source;
  private final TargetColumns columns;
  private final String position;

  /**
   * @param alias what the target is called in the statement
   */
  ChangeQuery(Statement.Change statement, String alias, TargetColumns columns, RowChange change) {
    this.statement = statement;
    this.target = alias;
    this.source = statement.source().map(ChangeQuery::alias).orElse(SOURCE);
    this.columns = columns;
    this.position = change.rows().schema().getFields().getLast().getName();
  }

  /**
   * The clause's number (from 1, 0 = none), then the values of the clauses, one clause after the
   * other.
   *
   * @param rows the name of the table of {@link RowChange#rows}
   */
  SqlSelect select(String rows) {
    SqlNodeList items = new SqlNodeList(POS);
    items.add(number());
    for (ChangeClause clause : statement.clauses()) {
      switch (clause.action()) {
        case ChangeClause.Delete ignored -> {}
        case ChangeClause.Update update ->
            update
                .assignments()
                .forEach(
                    a ->
                        items.add(
                            columns.value(seen(a.value(), clause.match()), a.column().last())));
        case ChangeClause.Insert insert -> {
          for (int i = 0; i < insert.values().size(); i++) {
            items.add(value(insert, i));
          }
        }
      }
    }
    for (int i = 0; i < items.size(); i++) {
      items.set(i, as(items.get(i), "$" + i));
    }
    SqlNode from = as(new SqlIdentifier(rows, POS), target);
    Optional<SqlNode> where = statement.condition();
    if (statement.source().isPresent()) {
      from = join(from, statement.source().get(), statement.condition().orElseThrow());
      where = Optional.empty();
    }
    return Selects.of(POS, items, Optional.of(from), where);
  }

  private SqlNode number() {
    if (statement.source().isEmpty()) {
      return SqlLiteral.createExactNumeric("1", POS);
    }
    SqlNodeList whens = new SqlNodeList(POS);
    SqlNodeList numbers = new SqlNodeList(POS);
    int number = 1;
    for (ChangeClause clause : statement.clauses()) {
      SqlNode when = matches(clause.match());
      if (clause.condition().isPresent()) {
        SqlNode condition = seen(clause.condition().get(), clause.match());
        when = SqlStdOperatorTable.AND.createCall(POS, when, condition);
      }
      whens.add(when);
      numbers.add(SqlLiteral.createExactNumeric(Integer.toString(number++), POS));
    }
    return new SqlCase(POS, null, whens, numbers, SqlLiteral.createExactNumeric("0", POS));
  }

  private SqlNode matches(Match match) {
    SqlNode ofTarget = present(target, position);
    SqlNode ofSource = present(source, SOURCE);
    return switch (match) {
      case MATCHED -> SqlStdOperatorTable.AND.createCall(POS, ofTarget, ofSource);
      case NOT_MATCHED -> SqlStdOperatorTable.NOT.createCall(POS, ofTarget);
      case NOT_MATCHED_BY_SOURCE -> SqlStdOperatorTable.NOT.createCall(POS, ofSource);
    };
  }

  private static SqlNode present(String table, String column) {
    return SqlStdOperatorTable.IS_NOT_NULL.createCall(
        POS, new SqlIdentifier(List.of(table, column), POS));
  }

  /** The source gets a column that tells its rows from those an outer join makes up. */
  private SqlNode join(SqlNode left, SqlNode using, SqlNode condition) {
    SqlNodeList marked = new SqlNodeList(POS);
    marked.add(SqlIdentifier.star(POS));
    marked.add(as(SqlLiteral.createBoolean(true, POS), SOURCE));
    SqlSelect right = Selects.of(POS, marked, Optional.of(using), Optional.empty());
    return new SqlJoin(
        POS,
        left,
        SqlLiteral.createBoolean(false, POS),
        type().symbol(POS),
        as(right, source),
        JoinConditionType.ON.symbol(POS),
        condition);
  }

  private JoinType type() {
    boolean inserts = has(Match.NOT_MATCHED);
    boolean alone = has(Match.NOT_MATCHED_BY_SOURCE);
    return inserts && alone
        ? JoinType.FULL
        : inserts ? JoinType.RIGHT : alone ? JoinType.LEFT : JoinType.INNER;
  }

  private boolean has(Match match) {
    return statement.clauses().stream().anyMatch(clause -> clause.match() == match);
  }

  // Too many values are reported later.
  private SqlNode value(ChangeClause.Insert insert, int i) {
    List<String> names =
        insert.columns().isEmpty()
            ? columns.fields().stream().map(Field::getName).toList()
            : insert.columns().stream().map(Name::last).toList();
    SqlNode value = seen(insert.values().get(i), Match.NOT_MATCHED);
    return i < names.size() ? columns.value(value, names.get(i)) : value;
  }

  /** An expression of a clause that sees one of the tables alone: its columns are that table's. */
  private SqlNode seen(SqlNode expression, Match match) {
    if (statement.source().isEmpty() || match == Match.MATCHED) {
      return expression;
    }
    String table = match == Match.NOT_MATCHED ? source : target;
    String unseen = match == Match.NOT_MATCHED ? target : source;
    return expression.accept(
        new SqlShuttle() {
          @Override
          public SqlNode visit(SqlIdentifier id) {
            if (!id.isSimple() && id.names.getFirst().equalsIgnoreCase(unseen)) {
              throw ValidationErrors.at(
                  ErrorCode.INVALID_STATEMENT,
                  "a clause for rows without a partner sees %s alone".formatted(table),
                  id);
            }
            return id.isSimple() && !id.isStar()
                ? new SqlIdentifier(
                    List.of(table, id.getSimple()), null, id.getParserPosition(), null)
                : id;
          }

          @Override
          public SqlNode visit(SqlCall call) {
            return call.isA(SqlKind.QUERY) ? call : super.visit(call);
          }
        });
  }

  /** What the statement calls its source. */
  private static String alias(SqlNode source) {
    return switch (source) {
      case SqlIdentifier name -> name.names.getLast();
      case SqlSnapshot snapshot -> alias(snapshot.getTableRef());
      case SqlTableVersion version -> alias(version.table());
      case SqlCall call when call.getKind() == SqlKind.AS -> call.operand(1).toString();
      case SqlCall call when call.getKind() == SqlKind.TABLE_REF -> alias(call.operand(0));
      default -> SOURCE;
    };
  }

  private static SqlNode as(SqlNode node, String name) {
    return SqlStdOperatorTable.AS.createCall(
        node.getParserPosition(), node, new SqlIdentifier(name, POS));
  }
}
