package dev.kelda.planner;

import dev.kelda.planner.catalog.TableReference;
import dev.kelda.planner.validate.KeldaTypeFactory;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.calcite.sql.SqlBasicCall;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlCharStringLiteral;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlSelect;

/**
 * Gives each bare {@code ?} and each {@code DEFAULT} of an INSERT the type of the column it fills,
 * and the texts that stand in rows above or below one.
 */
final class InsertValues {
  private final TargetColumns target;
  private final List<String> columns;

  private InsertValues(TargetColumns target, List<String> columns) {
    this.target = target;
    this.columns = columns;
  }

  /** The query, changed in place. */
  static SqlNode typed(
      SqlNode query, TableReference table, List<String> columns, KeldaTypeFactory types) {
    TargetColumns target = TargetColumns.of(table, types);
    List<String> given =
        columns.isEmpty() ? target.fields().stream().map(Field::getName).toList() : columns;
    new InsertValues(target, given).query(query);
    return query;
  }

  private void query(SqlNode query) {
    switch (query.getKind()) {
      case VALUES -> rows(((SqlCall) query).getOperandList());
      case SELECT -> select(((SqlSelect) query).getSelectList());
      case UNION -> ((SqlCall) query).getOperandList().forEach(this::query);
      default -> {}
    }
  }

  private void rows(List<SqlNode> rows) {
    List<SqlBasicCall> all =
        rows.stream()
            .filter(row -> row.getKind() == SqlKind.ROW)
            .map(SqlBasicCall.class::cast)
            .toList();
    Set<Integer> typed = new HashSet<>();
    for (SqlBasicCall row : all) {
      for (int i = 0; i < Math.min(row.operandCount(), columns.size()); i++) {
        if (TargetColumns.isUntyped(row.operand(i))) {
          row.setOperand(i, target.value(row.operand(i), columns.get(i)));
          typed.add(i);
        }
      }
    }
    for (SqlBasicCall row : all) {
      for (int i : typed) {
        if (i < row.operandCount() && row.operand(i) instanceof SqlCharStringLiteral text) {
          row.setOperand(i, target.cast(text, columns.get(i)));
        }
      }
    }
  }

  private void select(SqlNodeList items) {
    for (int i = 0; i < Math.min(items.size(), columns.size()); i++) {
      items.set(i, target.value(items.get(i), columns.get(i)));
    }
  }
}
