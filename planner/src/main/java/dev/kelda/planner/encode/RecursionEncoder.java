package dev.kelda.planner.encode;

import dev.kelda.planner.proto.Recursion;
import dev.kelda.planner.proto.Rel;
import dev.kelda.planner.proto.WorkTable;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.RepeatUnion;
import org.apache.calcite.rel.core.TableScan;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.schema.TransientTable;

/** WITH RECURSIVE. The types are those of its first part, as in PostgreSQL. */
final class RecursionEncoder {
  private final RelEncoder rels;
  private final Deque<Open> open = new ArrayDeque<>();
  private int recursions;

  /** A recursion whose step is being encoded. */
  private static final class Open {
    final int id;
    final List<String> name;
    int reads;

    Open(int id, List<String> name) {
      this.id = id;
      this.name = name;
    }
  }

  RecursionEncoder(RelEncoder rels) {
    this.rels = rels;
  }

  static boolean isWorkTable(RelNode node) {
    return node instanceof TableScan scan && scan.getTable().unwrap(TransientTable.class) != null;
  }

  Rel encode(RepeatUnion union) {
    RelOptTable table = union.getTransientTable();
    RelDataType row = table.getRowType();
    requireSame(row, union.getRowType());
    Recursion.Builder to =
        Recursion.newBuilder()
            .setId(recursions++)
            .setAll(union.all)
            .setSeed(rels.castTo(union.getSeedRel(), row));
    Types.toArrowFields(row).forEach(f -> to.addColumns(Types.toProtoField(f)));
    open.push(new Open(to.getId(), table.getQualifiedName()));
    try {
      to.setStep(rels.castTo(union.getIterativeRel(), row));
    } finally {
      open.pop();
    }
    return Rel.newBuilder().setRecursion(to).build();
  }

  Rel encode(TableScan scan) {
    Optional<Open> found =
        open.stream().filter(o -> o.name.equals(scan.getTable().getQualifiedName())).findFirst();
    Open recursion =
        found.orElseThrow(
            () ->
                RexEncoder.unsupported(
                    "a recursive reference outside of the recursion's second part"));
    if (recursion.reads++ > 0) {
      throw RexEncoder.unsupported(
          "more than one reference of \"" + recursion.name.getLast() + "\" to itself");
    }
    return Rel.newBuilder().setWorkTable(WorkTable.newBuilder().setId(recursion.id)).build();
  }

  private static void requireSame(RelDataType first, RelDataType all) {
    List<RelDataTypeField> columns = first.getFieldList();
    for (int i = 0; i < columns.size(); i++) {
      RelDataType one = columns.get(i).getType();
      RelDataType other = all.getFieldList().get(i).getType();
      if (!Types.toProto(one).equals(Types.toProto(other))) {
        throw new KeldaException(
            ErrorCode.TYPE_MISMATCH,
            "column \"%s\" of WITH RECURSIVE is %s in its first part and %s in all; CAST it in the first part"
                .formatted(columns.get(i).getName(), one, other));
      }
    }
  }
}
