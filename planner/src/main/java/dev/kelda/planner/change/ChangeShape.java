package dev.kelda.planner.change;

import dev.kelda.parser.ChangeClause;
import dev.kelda.parser.Name;
import dev.kelda.parser.Statement;
import dev.kelda.planner.Assignments;
import dev.kelda.planner.DefaultValues;
import dev.kelda.planner.encode.Types;
import dev.kelda.planner.validate.KeldaTypeFactory;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.SqlTypeName;

/** From clause numbers and clause values to the row that is written. */
final class ChangeShape {
  private static final int TAKE_OUT = 1;
  private static final int WRITE = 2;

  private final Statement.Change statement;
  private final String table;
  private final List<Field> columns;
  private final Map<Integer, Scalar> defaults;
  private final int carried;

  ChangeShape(
      Statement.Change statement,
      String table,
      List<Field> columns,
      Map<Integer, Scalar> defaults,
      int carried) {
    this.statement = statement;
    this.table = table;
    this.columns = columns;
    this.defaults = defaults;
    this.carried = carried;
  }

  /**
   * @param query of {@link ChangeQuery}: a projection of the target's row (and then the source's)
   */
  RelNode of(RelNode query) {
    LogicalProject values = (LogicalProject) query;
    RexBuilder rex = query.getCluster().getRexBuilder();
    List<Map<Integer, RexNode>> clauses = clauseValues(values, rex);
    RelNode input = values.getInput();
    Set<CorrelationId> variables = values.getVariablesSet();
    RexNode number = values.getProjects().getFirst();
    boolean several = statement.source().isPresent();
    if (several && variables.isEmpty()) {
      // The number is computed once; the values stay where only their clause's rows reach them.
      int width = input.getRowType().getFieldCount();
      List<RexNode> all = new ArrayList<>();
      for (int i = 0; i < width; i++) {
        all.add(rex.makeInputRef(input, i));
      }
      all.add(number);
      List<String> names = new ArrayList<>(input.getRowType().getFieldNames());
      names.add("$clause");
      input = LogicalProject.create(input, List.of(), all, names, variables);
      number = rex.makeInputRef(input, width);
      input = LogicalFilter.create(input, applies(number, rex));
    }
    List<RexNode> row = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < columns.size() + carried; i++) {
      boolean isColumn = i < columns.size();
      Field field = isColumn ? columns.get(i) : null;
      RelDataType type =
          nullable(isColumn ? type(field, rex) : rex.makeInputRef(input, i).getType(), rex);
      List<RexNode> choices = new ArrayList<>();
      for (int clause = 0; clause < clauses.size(); clause++) {
        choices.add(value(clauses.get(clause), clause, i, input, type, rex));
      }
      row.add(choose(number, choices, rex.makeNullLiteral(type), rex));
      names.add(isColumn ? field.getName() : "$carried" + i);
    }
    int file = columns.size() + carried;
    row.add(rex.makeInputRef(input, file));
    row.add(rex.makeInputRef(input, file + 1));
    row.add(action(number, rex));
    names.addAll(List.of("$file", "$pos", "$action"));
    return LogicalProject.create(input, List.of(), row, names, variables);
  }

  private List<Map<Integer, RexNode>> clauseValues(LogicalProject values, RexBuilder rex) {
    List<Map<Integer, RexNode>> clauses = new ArrayList<>();
    int next = 1;
    for (ChangeClause clause : statement.clauses()) {
      Map<Integer, RexNode> given = new HashMap<>();
      List<Name> targets = targets(clause.action());
      for (Name name : targets) {
        int column = ChangeColumns.require(columns, name, table);
        RexNode value = values.getProjects().get(next++);
        Field field = columns.get(column);
        if (given.put(column, Assignments.cast(value, field, rex)) != null) {
          throw new KeldaException(
              ErrorCode.INVALID_STATEMENT,
              "column \"" + field.getName() + "\" is given twice",
              name.position());
        }
      }
      clauses.add(given);
    }
    return clauses;
  }

  private List<Name> targets(ChangeClause.Action action) {
    return switch (action) {
      case ChangeClause.Delete ignored -> List.of();
      case ChangeClause.Update update ->
          update.assignments().stream().map(ChangeClause.Assignment::column).toList();
      case ChangeClause.Insert insert -> {
        List<Name> names =
            insert.columns().isEmpty()
                ? columns.stream()
                    .map(f -> new Name(List.of(f.getName()), statement.target().position()))
                    .toList()
                : insert.columns();
        if (names.size() != insert.values().size()) {
          throw new KeldaException(
              ErrorCode.INVALID_STATEMENT,
              "INSERT into %s names %d columns but gives %d values"
                  .formatted(table, names.size(), insert.values().size()),
              statement.target().position());
        }
        yield names;
      }
    };
  }

  private RexNode value(
      Map<Integer, RexNode> given,
      int clause,
      int column,
      RelNode input,
      RelDataType type,
      RexBuilder rex) {
    RexNode value = given.get(column);
    if (value != null) {
      return value;
    }
    return switch (statement.clauses().get(clause).action()) {
      case ChangeClause.Update ignored -> rex.makeInputRef(input, column);
      case ChangeClause.Delete ignored -> rex.makeNullLiteral(type);
      case ChangeClause.Insert ignored when defaults.containsKey(column) ->
          DefaultValues.expression(defaults.get(column), type, rex);
      case ChangeClause.Insert ignored -> {
        if (column < columns.size() && !columns.get(column).isNullable()) {
          throw new KeldaException(
              ErrorCode.INVALID_STATEMENT,
              "column \"%s\" of %s must be given: it cannot be NULL"
                  .formatted(columns.get(column).getName(), table),
              statement.target().position());
        }
        yield rex.makeNullLiteral(type);
      }
    };
  }

  private RexNode action(RexNode number, RexBuilder rex) {
    List<RexNode> actions =
        statement.clauses().stream()
            .map(
                clause ->
                    switch (clause.action()) {
                      case ChangeClause.Update ignored -> TAKE_OUT | WRITE;
                      case ChangeClause.Delete ignored -> TAKE_OUT;
                      case ChangeClause.Insert ignored -> WRITE;
                    })
            .map(action -> integer(action, rex))
            .toList();
    return choose(number, actions, integer(0, rex), rex);
  }

  private RexNode choose(RexNode number, List<RexNode> choices, RexNode otherwise, RexBuilder rex) {
    if (statement.source().isEmpty()) {
      return choices.getFirst();
    }
    List<RexNode> operands = new ArrayList<>();
    for (int i = 0; i < choices.size(); i++) {
      operands.add(
          rex.makeCall(
              SqlStdOperatorTable.EQUALS,
              number,
              rex.makeExactLiteral(java.math.BigDecimal.valueOf(i + 1L), number.getType())));
      operands.add(choices.get(i));
    }
    operands.add(otherwise);
    return rex.makeCall(otherwise.getType(), SqlStdOperatorTable.CASE, operands);
  }

  private static RexNode applies(RexNode number, RexBuilder rex) {
    return rex.makeCall(
        SqlStdOperatorTable.NOT_EQUALS,
        number,
        rex.makeExactLiteral(java.math.BigDecimal.ZERO, number.getType()));
  }

  private static RexNode integer(int value, RexBuilder rex) {
    return rex.makeExactLiteral(
        java.math.BigDecimal.valueOf(value),
        rex.getTypeFactory().createSqlType(SqlTypeName.INTEGER));
  }

  private static RelDataType type(Field field, RexBuilder rex) {
    return Types.toSql((KeldaTypeFactory) rex.getTypeFactory(), field);
  }

  private static RelDataType nullable(RelDataType type, RexBuilder rex) {
    return rex.getTypeFactory().createTypeWithNullability(type, true);
  }
}
