package dev.kelda.planner.validate;

import dev.kelda.planner.catalog.CatalogSnapshot;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlJoin;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.util.SqlBasicVisitor;

/**
 * {@code point.x}, where {@code point} is a column and no table, is the field of its value: {@code
 * point['x']}. Calcite looks for such a field only behind the table's name, and there it takes a
 * field of a row that an outer join has padded for one that is never NULL.
 */
final class StructFields {
  private final Set<String> tables = new HashSet<>();
  private final Set<String> columns = new HashSet<>();

  private StructFields() {}

  /** Changes the query in place; tables have their names by now. */
  static void expand(SqlNode query, CatalogSnapshot catalog) {
    StructFields fields = new StructFields();
    if (!fields.collect(query)) {
      return;
    }
    FromNames names = FromNames.of(query, catalog);
    names.qualifiers().forEach(name -> fields.tables.add(lower(name)));
    names.columns().forEach(name -> fields.columns.add(lower(name)));
    fields.walk(query);
  }

  /** Aliases; whether there is any name of several parts. */
  private boolean collect(SqlNode query) {
    boolean[] found = {false};
    query.accept(
        new SqlBasicVisitor<Void>() {
          @Override
          public Void visit(SqlIdentifier name) {
            found[0] |= name.names.size() > 1 && !name.isStar();
            return null;
          }

          @Override
          public Void visit(SqlCall call) {
            if (call.getKind() == SqlKind.AS) {
              call.getOperandList().stream()
                  .skip(1)
                  .filter(SqlIdentifier.class::isInstance)
                  .forEach(alias -> columns.add(lower(((SqlIdentifier) alias).getSimple())));
            }
            return super.visit(call);
          }
        });
    return found[0];
  }

  private void walk(SqlNode node) {
    switch (node) {
      case SqlNodeList list -> {
        list.replaceAll(this::replaced);
        list.forEach(this::walk);
      }
      case SqlSelect select -> {
        from(select.getFrom());
        for (int i = 0; i < select.operandCount(); i++) {
          if (select.getOperandList().get(i) != select.getFrom()) {
            operand(select, i);
          }
        }
      }
      case SqlCall call when call.getKind() == SqlKind.EXPLICIT_TABLE -> {}
      case SqlCall call -> {
        int values =
            call.getKind() == SqlKind.AS || call.getKind() == SqlKind.DOT ? 1 : call.operandCount();
        for (int i = 0; i < values; i++) {
          operand(call, i);
        }
      }
      case null, default -> {}
    }
  }

  private void operand(SqlCall call, int index) {
    SqlNode operand = call.getOperandList().get(index);
    SqlNode replaced = operand == null ? null : replaced(operand);
    if (replaced != operand) {
      call.setOperand(index, replaced);
    }
    walk(replaced);
  }

  /** Names of tables stay; conditions and what is nested have values. */
  private void from(SqlNode from) {
    switch (from) {
      case null -> {}
      case SqlIdentifier table -> {}
      case SqlJoin join -> {
        from(join.getLeft());
        from(join.getRight());
        for (int i = 0; i < join.operandCount(); i++) {
          SqlNode operand = join.getOperandList().get(i);
          if (operand != join.getLeft() && operand != join.getRight()) {
            operand(join, i);
          }
        }
      }
      case SqlCall call when call.getKind() == SqlKind.AS -> from(call.operand(0));
      case SqlCall call
          when call.getKind() == SqlKind.TABLE_REF
              || call.getKind() == SqlKind.TABLESAMPLE
              || call.getKind() == SqlKind.SNAPSHOT
              || call.getKind() == SqlKind.LATERAL ->
          from(call.operand(0));
      default -> walk(from);
    }
  }

  private SqlNode replaced(SqlNode node) {
    if (!(node instanceof SqlIdentifier name) || name.names.size() < 2 || name.isStar()) {
      return node;
    }
    List<String> parts = name.names.stream().map(StructFields::lower).toList();
    int first = column(parts);
    if (first < 0) {
      return node;
    }
    SqlNode value = name.getComponent(0, first + 1);
    for (int i = first + 1; i < name.names.size(); i++) {
      SqlParserPos position = name.getComponentParserPosition(i);
      value =
          SqlStdOperatorTable.ITEM.createCall(
              name.getParserPosition(),
              value,
              SqlLiteral.createCharString(name.names.get(i), position));
    }
    return value;
  }

  /** Where the column stands whose field is named; -1 where no field is. */
  private int column(List<String> parts) {
    if (tables.contains(parts.get(1))) {
      return -1;
    }
    int at = tables.contains(parts.getFirst()) ? 1 : 0;
    return at + 1 < parts.size() && columns.contains(parts.get(at)) ? at : -1;
  }

  private static String lower(String name) {
    return name.toLowerCase(Locale.ROOT);
  }
}
