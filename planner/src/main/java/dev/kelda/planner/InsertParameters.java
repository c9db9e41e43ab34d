package dev.kelda.planner;

import dev.kelda.planner.catalog.Names;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.planner.encode.Types;
import dev.kelda.planner.validate.KeldaTypeFactory;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.calcite.sql.SqlBasicCall;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlDynamicParam;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.SqlTypeUtil;

/** Gives each bare {@code ?} of an INSERT the type of the column it fills. */
final class InsertParameters {
  private final KeldaTypeFactory types;
  private final List<Field> fields;
  private final List<String> columns;

  private InsertParameters(KeldaTypeFactory types, List<Field> fields, List<String> columns) {
    this.types = types;
    this.fields = fields;
    this.columns = columns;
  }

  /** The query, changed in place. */
  static SqlNode typed(
      SqlNode query, TableReference target, List<String> columns, KeldaTypeFactory types) {
    List<Field> fields = target.table().schema().getFields();
    List<String> given = columns.isEmpty() ? fields.stream().map(Field::getName).toList() : columns;
    new InsertParameters(types, fields, given).query(query);
    return query;
  }

  private void query(SqlNode query) {
    switch (query.getKind()) {
      case VALUES -> ((SqlCall) query).getOperandList().forEach(this::row);
      case SELECT -> select(((SqlSelect) query).getSelectList());
      case UNION -> ((SqlCall) query).getOperandList().forEach(this::query);
      default -> {}
    }
  }

  private void row(SqlNode row) {
    if (row.getKind() == SqlKind.ROW) {
      SqlBasicCall call = (SqlBasicCall) row;
      for (int i = 0; i < call.operandCount(); i++) {
        if (call.operand(i) instanceof SqlDynamicParam parameter) {
          call.setOperand(i, typed(parameter, i));
        }
      }
    }
  }

  private void select(SqlNodeList items) {
    for (int i = 0; i < items.size(); i++) {
      if (items.get(i) instanceof SqlDynamicParam parameter) {
        items.set(i, typed(parameter, i));
      }
    }
  }

  private SqlNode typed(SqlDynamicParam parameter, int ordinal) {
    return field(ordinal)
        .<SqlNode>map(
            field ->
                SqlStdOperatorTable.CAST.createCall(
                    parameter.getParserPosition(),
                    parameter,
                    SqlTypeUtil.convertTypeToSpec(Types.toSql(types, field))))
        .orElse(parameter);
  }

  // Columns that do not exist, or too many values, are reported later.
  private Optional<Field> field(int ordinal) {
    if (ordinal >= columns.size()) {
      return Optional.empty();
    }
    List<String> names = fields.stream().map(Field::getName).toList();
    return Names.match(columns.get(ordinal), names).map(name -> fields.get(names.indexOf(name)));
  }
}
