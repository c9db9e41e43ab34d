package dev.kelda.planner;

import dev.kelda.planner.catalog.Names;
import dev.kelda.planner.catalog.TableReference;
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
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;

/** Brings a query's columns into the order and types of a table. */
final class InsertColumns {
  private InsertColumns() {}

  static RelNode of(RelNode query, TableReference target, List<String> columns) {
    List<Field> fields = target.table().schema().getFields();
    List<String> names = fields.stream().map(Field::getName).toList();
    List<String> given = columns.isEmpty() ? names : columns;
    int count = query.getRowType().getFieldCount();
    if (given.size() != count && !(columns.isEmpty() && count < given.size())) {
      throw new KeldaException(
          ErrorCode.INVALID_STATEMENT,
          "INSERT INTO %s names %d columns but the query gives %d"
              .formatted(target.name(), given.size(), count));
    }
    if (given.size() != count) {
      throw new KeldaException(
          ErrorCode.INVALID_STATEMENT,
          "table %s has %d columns but the query gives %d; name the columns to fill"
              .formatted(target.name(), given.size(), count));
    }
    Map<String, Integer> source = new HashMap<>();
    for (int i = 0; i < given.size(); i++) {
      String column = given.get(i);
      String name =
          Names.match(column, names)
              .orElseThrow(
                  () ->
                      new KeldaException(
                          ErrorCode.COLUMN_NOT_FOUND,
                          "table %s has no column \"%s\"%s"
                              .formatted(target.name(), column, Names.suggestion(column, names))));
      if (source.put(name, i) != null) {
        throw new KeldaException(
            ErrorCode.INVALID_STATEMENT, "column \"" + name + "\" is named twice");
      }
    }
    RexBuilder rex = query.getCluster().getRexBuilder();
    List<RexNode> projects = new ArrayList<>();
    Map<Integer, Scalar> defaults = target.table().defaults();
    for (int i = 0; i < fields.size(); i++) {
      Field field = fields.get(i);
      Integer position = source.get(field.getName());
      projects.add(
          position == null && defaults.containsKey(i)
              ? DefaultValues.expression(defaults.get(i), type(field, rex), rex)
              : column(field, position, query, target, rex));
    }
    return LogicalProject.create(query, List.of(), projects, names, Set.of());
  }

  private static RelDataType type(Field field, RexBuilder rex) {
    return Types.toSql((KeldaTypeFactory) rex.getTypeFactory(), field);
  }

  private static RexNode column(
      Field field, Integer source, RelNode query, TableReference target, RexBuilder rex) {
    RelDataType type = type(field, rex);
    RelDataType nullable = rex.getTypeFactory().createTypeWithNullability(type, true);
    if (source == null) {
      if (!field.isNullable()) {
        throw new KeldaException(
            ErrorCode.INVALID_STATEMENT,
            "column \"%s\" of %s must be given: it cannot be NULL"
                .formatted(field.getName(), target.name()));
      }
      return rex.makeNullLiteral(nullable);
    }
    return Assignments.cast(rex.makeInputRef(query, source), field, rex);
  }
}
