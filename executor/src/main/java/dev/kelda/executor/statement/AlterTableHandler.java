package dev.kelda.executor.statement;

import dev.kelda.executor.run.Execution;
import dev.kelda.parser.Alteration;
import dev.kelda.parser.ColumnDefinition;
import dev.kelda.parser.Name;
import dev.kelda.parser.Statement;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.spi.connector.AlterableConnector;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.TableChange;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.calcite.sql.SqlDataTypeSpec;
import org.apache.calcite.sql.SqlNode;

/** {@code ALTER TABLE [IF EXISTS] name action, …}. */
record AlterTableHandler(Services services) implements StatementHandler<Statement.AlterTable> {
  /** Makes a change once DEFAULTs have values. */
  private interface Step {
    TableChange change(Execution execution);
  }

  @Override
  public Class<Statement.AlterTable> statement() {
    return Statement.AlterTable.class;
  }

  @Override
  public Action prepare(Statement.AlterTable statement, Request request) {
    Name name = statement.name();
    Optional<TableReference> found =
        Targets.existing(name, statement.ifExists(), request.catalog());
    if (found.isEmpty()) {
      return Action.update(() -> {});
    }
    TableReference table = Targets.table(found.get(), name);
    AlterableConnector connector = Targets.alterable(table, request.catalog());
    List<Step> steps =
        statement.alterations().stream().map(change -> step(change, table, request)).toList();
    return Action.update(
        execution -> {
          List<TableChange> changes = new ArrayList<>();
          steps.forEach(step -> changes.add(step.change(execution)));
          connector.alterTable(table.schema(), table.name(), changes);
          services.connectors().changed();
        });
  }

  private Step step(Alteration alteration, TableReference table, Request request) {
    TableColumns columns = new TableColumns(services);
    return switch (alteration) {
      case Alteration.Ready ready -> execution -> ready.change();
      case Alteration.AddColumn add -> {
        List<ColumnDefinition> one = List.of(add.column());
        Field field = columns.fields(one, request).getFirst();
        TableColumns.Defaults defaults = columns.defaults(one, request);
        yield execution ->
            new TableChange.AddColumn(
                add.parent(),
                field,
                value(defaults, field.getName(), execution),
                add.place(),
                add.ifNotExists());
      }
      case Alteration.SetType set -> {
        Field type = columns.fields(List.of(column(set.column(), set.type())), request).getFirst();
        yield execution -> new TableChange.SetType(set.column().parts(), type);
      }
      case Alteration.SetDefault set -> {
        TableColumns.Defaults defaults =
            columns.defaults(set.value(), field(set.column(), table), set.column(), request);
        yield execution ->
            new TableChange.SetDefault(
                set.column().parts(), value(defaults, set.column().last(), execution));
      }
    };
  }

  private static Optional<Scalar> value(
      TableColumns.Defaults defaults, String name, Execution execution) {
    return Optional.ofNullable(defaults.values(execution).get(name));
  }

  private static ColumnDefinition column(Name name, SqlDataTypeSpec type) {
    Optional<SqlNode> noDefault = Optional.empty();
    return new ColumnDefinition(
        name.last(), type, true, noDefault, Optional.empty(), name.position());
  }

  private static Field field(Name column, TableReference table) {
    List<Field> fields = table.table().schema().getFields();
    Optional<Field> found = Optional.empty();
    for (String part : column.parts()) {
      found = fields.stream().filter(f -> f.getName().equalsIgnoreCase(part)).findFirst();
      fields = found.map(Field::getChildren).orElse(List.of());
    }
    return found.orElseThrow(
        () ->
            new KeldaException(
                ErrorCode.COLUMN_NOT_FOUND,
                "table %s has no column \"%s\"".formatted(table, column),
                column.position()));
  }
}
