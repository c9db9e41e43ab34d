package dev.kelda.planner;

import dev.kelda.planner.catalog.Names;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.planner.encode.Types;
import dev.kelda.planner.validate.KeldaTypeFactory;
import dev.kelda.spi.connector.Scalar;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.SqlTypeUtil;

/**
 * The columns of a table that a statement gives values. Columns that the table does not have are
 * left for others to report.
 *
 * @param defaults of some columns, by their position
 */
public record TargetColumns(
    List<Field> fields, Map<Integer, Scalar> defaults, KeldaTypeFactory types) {
  public static TargetColumns of(TableReference target, KeldaTypeFactory types) {
    return new TargetColumns(target.table().schema().getFields(), target.table().defaults(), types);
  }

  /** Whether the value alone has no type. */
  static boolean isUntyped(SqlNode value) {
    return value.getKind() == SqlKind.DYNAMIC_PARAM || value.getKind() == SqlKind.DEFAULT;
  }

  /** A value for the column: a bare {@code ?} with its type, its default for {@code DEFAULT}. */
  public SqlNode value(SqlNode given, String column) {
    return switch (given.getKind()) {
      case DYNAMIC_PARAM -> cast(given, column);
      case DEFAULT ->
          find(column)
              .map(
                  i ->
                      DefaultValues.node(
                          Optional.ofNullable(defaults.get(i)), given.getParserPosition()))
              .map(node -> cast(node, column))
              .orElse(given);
      default -> given;
    };
  }

  /** The value as one of the column's type. */
  SqlNode cast(SqlNode given, String column) {
    return find(column)
        .<SqlNode>map(
            i ->
                SqlStdOperatorTable.CAST.createCall(
                    given.getParserPosition(),
                    given,
                    SqlTypeUtil.convertTypeToSpec(type(fields.get(i)))))
        .orElse(given);
  }

  private RelDataType type(Field field) {
    return Types.toSql(types, field);
  }

  private Optional<Integer> find(String column) {
    List<String> names = fields.stream().map(Field::getName).toList();
    return Names.match(column, names).map(names::indexOf);
  }
}
