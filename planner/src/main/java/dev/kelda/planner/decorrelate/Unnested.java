package dev.kelda.planner.decorrelate;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexFieldAccess;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.util.ImmutableBitSet;

/**
 * A relation of a sub-query for all outer rows at once.
 *
 * @param rel its first columns are those of the sub-query's relation
 * @param outer the columns that have the values of fields of the outer row
 * @param strict the fields whose columns are never NULL in a row of an outer row
 */
record Unnested(RelNode rel, SortedMap<Integer, Integer> outer, ImmutableBitSet strict) {

  /** The values of the fields are the last columns, in order. */
  static Unnested ofLast(RelNode rel, ImmutableBitSet fields, ImmutableBitSet strict) {
    SortedMap<Integer, Integer> outer = new TreeMap<>();
    int column = rel.getRowType().getFieldCount() - fields.cardinality();
    for (int field : fields) {
      outer.put(field, column++);
    }
    return new Unnested(rel, outer, strict);
  }

  ImmutableBitSet fields() {
    return ImmutableBitSet.of(outer.keySet());
  }

  ImmutableBitSet columns() {
    return ImmutableBitSet.of(outer.values());
  }

  /** With the same columns. */
  Unnested with(RelNode changed) {
    return new Unnested(changed, outer, strict);
  }

  /** The expressions and then the values of the fields. */
  Unnested project(List<RexNode> expressions, List<String> names) {
    List<RexNode> all = new ArrayList<>(expressions);
    List<String> allNames = new ArrayList<>(names);
    for (Map.Entry<Integer, Integer> field : outer.entrySet()) {
      all.add(ref(field.getValue()));
      allNames.add("$outer" + field.getKey());
    }
    RelNode project = LogicalProject.create(rel, List.of(), all, allNames, Set.of());
    return ofLast(project, fields(), strict);
  }

  /** These columns and then the values of the fields. */
  Unnested project(RelNode like, Function<Integer, Integer> column) {
    List<RexNode> columns = new ArrayList<>();
    for (int i = 0; i < like.getRowType().getFieldCount(); i++) {
      columns.add(ref(column.apply(i)));
    }
    return project(columns, like.getRowType().getFieldNames());
  }

  RexInputRef ref(int column) {
    return RexInputRef.of(column, rel.getRowType());
  }

  List<RexNode> refs(Iterable<Integer> columns) {
    List<RexNode> refs = new ArrayList<>();
    columns.forEach(column -> refs.add(ref(column)));
    return refs;
  }

  /** An expression over the sub-query's relation and the outer row, over this one. */
  RexNode over(OuterRow row, RexNode expression) {
    return shuttle(row).apply(expression);
  }

  RexShuttle shuttle(OuterRow row) {
    return new RexShuttle() {
      @Override
      public RexNode visitInputRef(RexInputRef input) {
        return ref(input.getIndex());
      }

      @Override
      public RexNode visitFieldAccess(RexFieldAccess access) {
        int field = row.field(access);
        return field < 0 ? super.visitFieldAccess(access) : ref(outer.get(field));
      }
    };
  }

  /**
   * Whether a row of this relation is of the outer row.
   *
   * @param field the outer row's value of a field
   * @param offset of this relation's columns
   */
  List<RexNode> isOf(Function<Integer, RexNode> field, int offset) {
    RexBuilder rex = rel.getCluster().getRexBuilder();
    List<RexNode> conditions = new ArrayList<>();
    for (Map.Entry<Integer, Integer> entry : outer.entrySet()) {
      RexNode own = ref(entry.getValue());
      RexNode shifted = new RexInputRef(entry.getValue() + offset, own.getType());
      RexNode value = field.apply(entry.getKey());
      boolean equals =
          strict.get(entry.getKey())
              || !own.getType().isNullable()
              || !value.getType().isNullable();
      conditions.add(
          rex.makeCall(
              equals ? SqlStdOperatorTable.EQUALS : SqlStdOperatorTable.IS_NOT_DISTINCT_FROM,
              value,
              shifted));
    }
    return conditions;
  }
}
