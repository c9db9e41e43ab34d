package dev.kelda.planner.rules;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalJoin;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.apache.calcite.util.ImmutableBitSet;

/**
 * Inputs and conditions of a region of joins. An input of a left, semi- or anti-join is
 * <i>dependent</i>: it is joined alone, after the inputs its own condition names. Equal columns of
 * the other inputs form classes, so that any two members can serve as join key. At most 62 inputs.
 */
final class JoinGraph {
  private static final int MAX_LEAVES = 60;

  final List<Leaf> leaves = new ArrayList<>();
  final List<Condition> conditions = new ArrayList<>();
  final List<List<Integer>> classes = new ArrayList<>();

  private final Estimates estimates;
  private final RexBuilder rex;
  private final List<int[]> columns = new ArrayList<>(); // leaf, ordinal

  JoinGraph(Estimates estimates, RexBuilder rex) {
    this.estimates = estimates;
    this.rex = rex;
  }

  /** An input; {@code needs} are the inputs that a dependent one comes after. */
  static final class Leaf {
    RelNode rel;
    final int firstColumn;
    JoinRelType type = JoinRelType.INNER;
    long needs;
    List<RexNode> on = List.of();
    double rows;

    Leaf(RelNode rel, int firstColumn) {
      this.rel = rel;
      this.firstColumn = firstColumn;
    }

    boolean dependent() {
      return type != JoinRelType.INNER;
    }
  }

  /** A conjunct over the graph's columns, and the inputs it names. */
  record Condition(RexNode node, long leaves) {}

  /** A tree and the graph's columns that it gives, in order. */
  record Built(RelNode rel, List<Integer> columns) {}

  boolean canFlatten() {
    return leaves.size() < MAX_LEAVES;
  }

  List<Integer> leaf(RelNode rel) {
    Leaf leaf = new Leaf(rel, columns.size());
    List<Integer> added = new ArrayList<>();
    for (int i = 0; i < rel.getRowType().getFieldCount(); i++) {
      added.add(columns.size());
      columns.add(new int[] {leaves.size(), i});
    }
    leaves.add(leaf);
    return added;
  }

  void condition(RexNode condition, List<Integer> row) {
    for (RexNode conjunct : RelOptUtil.conjunctions(condition)) {
      RexNode node = renumber(conjunct, row);
      if (!node.isAlwaysTrue()) {
        conditions.add(new Condition(node, leavesOf(node)));
      }
    }
  }

  /** Makes the last leaf dependent. */
  void dependent(JoinRelType type, RexNode condition, List<Integer> row) {
    Leaf leaf = leaves.getLast();
    leaf.type = type;
    leaf.on = RelOptUtil.conjunctions(condition).stream().map(c -> renumber(c, row)).toList();
    long self = 1L << (leaves.size() - 1);
    for (RexNode node : leaf.on) {
      leaf.needs |= leavesOf(node) & ~self;
    }
    if (leaf.needs == 0) {
      for (int column : row) {
        leaf.needs |= 1L << columns.get(column)[0];
      }
      leaf.needs &= ~self;
    }
  }

  /** Conditions on one input go into it, equalities of columns become classes. */
  void finish() {
    Map<Integer, List<Integer>> classOf = new HashMap<>();
    List<Condition> rest = new ArrayList<>();
    for (Condition condition : conditions) {
      int single = Long.bitCount(condition.leaves) == 1 ? leafIndex(condition.leaves) : -1;
      if (single >= 0 && !leaves.get(single).dependent()) {
        filter(single, condition.node);
      } else if (isClassEquality(condition)) {
        List<RexNode> operands = ((RexCall) condition.node).getOperands();
        merge(classOf, column(operands.get(0)), column(operands.get(1)));
      } else {
        rest.add(condition);
      }
    }
    conditions.clear();
    conditions.addAll(rest);
    rest.forEach(this::derive);
    classOf.values().stream()
        .distinct()
        .sorted(java.util.Comparator.comparing(List::getFirst))
        .forEach(classes::add);
    classes.forEach(this::equalWithinLeaf);
    leaves.forEach(l -> l.rows = estimates.rows(l.rel));
  }

  /** From {@code (a AND b) OR (c AND d)} with a and c of one input follows a OR c there. */
  private void derive(Condition condition) {
    if (!condition.node.isA(SqlKind.OR)) {
      return;
    }
    List<RexNode> branches = RelOptUtil.disjunctions(condition.node);
    for (int i = 0; i < leaves.size(); i++) {
      long self = 1L << i;
      if ((condition.leaves & self) == 0 || leaves.get(i).dependent()) {
        continue;
      }
      List<RexNode> own = new ArrayList<>();
      for (RexNode branch : branches) {
        List<RexNode> terms =
            RelOptUtil.conjunctions(branch).stream().filter(t -> leavesOf(t) == self).toList();
        if (!terms.isEmpty()) {
          own.add(RexUtil.composeConjunction(rex, terms));
        }
      }
      if (own.size() == branches.size()) {
        filter(i, RexUtil.composeDisjunction(rex, own));
      }
    }
  }

  private boolean isClassEquality(Condition condition) {
    if (!condition.node.isA(SqlKind.EQUALS) || Long.bitCount(condition.leaves) != 2) {
      return false;
    }
    RexNode a = ((RexCall) condition.node).getOperands().get(0);
    RexNode b = ((RexCall) condition.node).getOperands().get(1);
    if (!(a instanceof RexInputRef && b instanceof RexInputRef)) {
      return false;
    }
    for (int i = 0; i < leaves.size(); i++) {
      if ((condition.leaves >> i & 1) == 1 && leaves.get(i).dependent()) {
        return false;
      }
    }
    return a.getType().getSqlTypeName() == b.getType().getSqlTypeName()
        || SqlTypeUtil.isIntType(a.getType()) && SqlTypeUtil.isIntType(b.getType());
  }

  private static void merge(Map<Integer, List<Integer>> classOf, int a, int b) {
    List<Integer> first = classOf.getOrDefault(a, new ArrayList<>(List.of(a)));
    List<Integer> second = classOf.getOrDefault(b, new ArrayList<>(List.of(b)));
    if (first == second) {
      return;
    }
    first.addAll(second);
    first.forEach(c -> classOf.put(c, first));
  }

  private void equalWithinLeaf(List<Integer> members) {
    for (int i = 0; i < members.size(); i++) {
      for (int j = i + 1; j < members.size(); j++) {
        if (leafOf(members.get(i)) == leafOf(members.get(j))) {
          filter(
              leafOf(members.get(i)),
              rex.makeCall(SqlStdOperatorTable.EQUALS, ref(members.get(i)), ref(members.get(j))));
        }
      }
    }
  }

  private void filter(int leafIndex, RexNode node) {
    Leaf leaf = leaves.get(leafIndex);
    RexNode local =
        node.accept(
            new RexShuttle() {
              @Override
              public RexNode visitInputRef(RexInputRef ref) {
                return rex.makeInputRef(leaf.rel, ref.getIndex() - leaf.firstColumn);
              }
            });
    leaf.rel =
        leaf.rel instanceof LogicalFilter below
            ? LogicalFilter.create(
                below.getInput(),
                RexUtil.composeConjunction(rex, List.of(below.getCondition(), local)))
            : LogicalFilter.create(leaf.rel, local);
  }

  int leafOf(int column) {
    return columns.get(column)[0];
  }

  Estimates.Column estimate(int column) {
    int[] place = columns.get(column);
    return estimates.column(leaves.get(place[0]).rel, place[1]);
  }

  /** Rows of the table below an input, before its filters. */
  double unfiltered(int leaf) {
    RelNode rel = leaves.get(leaf).rel;
    while (rel instanceof LogicalFilter filter) {
      rel = filter.getInput();
    }
    return estimates.rows(rel);
  }

  private static int column(RexNode ref) {
    return ((RexInputRef) ref).getIndex();
  }

  private static int leafIndex(long mask) {
    return Long.numberOfTrailingZeros(mask);
  }

  private RexNode renumber(RexNode node, List<Integer> row) {
    return node.accept(
        new RexShuttle() {
          @Override
          public RexNode visitInputRef(RexInputRef ref) {
            return new RexInputRef(row.get(ref.getIndex()), ref.getType());
          }
        });
  }

  private RexInputRef ref(int column) {
    int[] place = columns.get(column);
    RelDataType type = leaves.get(place[0]).rel.getRowType().getFieldList().get(place[1]).getType();
    return new RexInputRef(column, type);
  }

  private long leavesOf(RexNode node) {
    long mask = 0;
    ImmutableBitSet used = RelOptUtil.InputFinder.bits(node);
    for (int column : used) {
      mask |= 1L << leafOf(column);
    }
    return mask;
  }

  /** The tree as a relational tree. Conditions over no input at all come last. */
  Built build(JoinSearch.Tree tree) {
    Built built = join(tree);
    List<RexNode> constants =
        conditions.stream().filter(c -> c.leaves == 0).map(Condition::node).toList();
    return constants.isEmpty()
        ? built
        : new Built(
            LogicalFilter.create(built.rel, RexUtil.composeConjunction(rex, constants)),
            built.columns);
  }

  private Built join(JoinSearch.Tree tree) {
    if (tree.leaf() >= 0) {
      Leaf leaf = leaves.get(tree.leaf());
      List<Integer> own = new ArrayList<>();
      for (int i = 0; i < leaf.rel.getRowType().getFieldCount(); i++) {
        own.add(leaf.firstColumn + i);
      }
      return new Built(leaf.rel, own);
    }
    Built left = join(tree.left());
    Built right = join(tree.right());
    long l = tree.left().leaves();
    long r = tree.right().leaves();
    boolean dependent = tree.right().leaf() >= 0 && leaves.get(tree.right().leaf()).dependent();
    Leaf leaf = dependent ? leaves.get(tree.right().leaf()) : null;
    List<RexNode> here = conditionsAt(l, dependent ? 0 : r, l | r);
    List<RexNode> on = dependent ? leaf.on : here;
    List<Integer> both = new ArrayList<>(left.columns);
    both.addAll(right.columns);
    RelNode joined =
        LogicalJoin.create(
            left.rel,
            right.rel,
            List.of(),
            local(on, both, List.of(left.rel, right.rel)),
            Set.of(),
            dependent ? leaf.type : JoinRelType.INNER);
    List<Integer> output = joined.getRowType().getFieldCount() == both.size() ? both : left.columns;
    if (dependent && !here.isEmpty()) {
      joined = LogicalFilter.create(joined, local(here, output, List.of(joined)));
    }
    return new Built(joined, output);
  }

  /** Conditions that hold once both sides are there, and did not before. */
  private List<RexNode> conditionsAt(long left, long right, long all) {
    List<RexNode> found = new ArrayList<>();
    if (right != 0) {
      for (List<Integer> members : classes) {
        var a = members.stream().filter(m -> (left >> leafOf(m) & 1) == 1).findFirst();
        var b = members.stream().filter(m -> (right >> leafOf(m) & 1) == 1).findFirst();
        if (a.isPresent() && b.isPresent()) {
          found.add(rex.makeCall(SqlStdOperatorTable.EQUALS, ref(a.get()), ref(b.get())));
        }
      }
    }
    for (Condition condition : conditions) {
      if (condition.leaves != 0
          && (condition.leaves & ~all) == 0
          && (condition.leaves & ~left) != 0
          && (right == 0 || (condition.leaves & ~right) != 0)) {
        found.add(condition.node);
      }
    }
    return found;
  }

  private RexNode local(List<RexNode> nodes, List<Integer> row, List<RelNode> rels) {
    List<RelDataType> types = new ArrayList<>();
    rels.forEach(rel -> rel.getRowType().getFieldList().forEach(f -> types.add(f.getType())));
    Map<Integer, Integer> places = new HashMap<>();
    for (int i = 0; i < row.size(); i++) {
      places.put(row.get(i), i);
    }
    RexShuttle shuttle =
        new RexShuttle() {
          @Override
          public RexNode visitInputRef(RexInputRef ref) {
            int place = places.get(ref.getIndex());
            return new RexInputRef(place, types.get(place));
          }
        };
    return RexUtil.composeConjunction(rex, nodes.stream().map(n -> n.accept(shuttle)).toList());
  }
}
