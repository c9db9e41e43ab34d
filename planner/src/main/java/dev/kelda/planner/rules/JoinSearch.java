package dev.kelda.planner.rules;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlKind;

/**
 * The cheapest join tree of a {@link JoinGraph}: by dynamic programming over all subsets up to ten
 * inputs, else by joining the cheapest pair until one tree is left. The cost of a join is the rows
 * it gives, plus its hash table, plus what streams past it; the smaller side becomes the left one,
 * which is the engine's build side.
 */
final class JoinSearch {
  private static final int EXACT_LEAVES = 10;
  private static final double BUILD_COST = 2;
  private static final double PROBE_COST = 0.2;

  private final JoinGraph graph;

  JoinSearch(JoinGraph graph) {
    this.graph = graph;
  }

  /**
   * @param leaf -1 for a join
   */
  record Tree(int leaf, Tree left, Tree right, long leaves, double rows, double cost) {}

  Tree best() {
    return graph.leaves.size() <= EXACT_LEAVES ? exact() : greedy();
  }

  private List<Tree> singles() {
    List<Tree> singles = new ArrayList<>();
    for (int i = 0; i < graph.leaves.size(); i++) {
      singles.add(new Tree(i, null, null, 1L << i, graph.leaves.get(i).rows, 0));
    }
    return singles;
  }

  private Tree exact() {
    int n = graph.leaves.size();
    Tree[] best = new Tree[1 << n];
    for (Tree single : singles()) {
      best[(int) single.leaves] = single;
    }
    for (int set = 1; set < best.length; set++) {
      if (Integer.bitCount(set) < 2) {
        continue;
      }
      Tree connected = null;
      Tree crossed = null;
      for (int left = (set - 1) & set; left > 0; left = (left - 1) & set) {
        int right = set & ~left;
        if (best[left] == null || best[right] == null || !fits(best[left], best[right])) {
          continue;
        }
        if (left < right && !dependent(best[left]) && !dependent(best[right])) {
          continue;
        }
        Tree tree = join(best[left], best[right]);
        if (connected(left, right)) {
          connected = cheaper(connected, tree);
        } else {
          crossed = cheaper(crossed, tree);
        }
      }
      best[set] = connected != null ? connected : crossed;
    }
    return best[best.length - 1];
  }

  private Tree greedy() {
    List<Tree> trees = singles();
    while (trees.size() > 1) {
      Tree next = null;
      boolean nextConnected = false;
      for (Tree a : trees) {
        for (Tree b : trees) {
          if (a == b || !fits(a, b)) {
            continue;
          }
          boolean connected = connected(a.leaves, b.leaves);
          if (nextConnected && !connected) {
            continue;
          }
          Tree tree = join(a, b);
          if (next == null || connected && !nextConnected || weight(tree) < weight(next)) {
            next = tree;
            nextConnected = connected;
          }
        }
      }
      Tree chosen = next;
      trees.removeIf(t -> (t.leaves & chosen.leaves) != 0);
      trees.add(chosen);
    }
    return trees.getFirst();
  }

  /** Grow small results first. */
  private static double weight(Tree tree) {
    return tree.rows + 0.01 * tree.cost;
  }

  private static Tree cheaper(Tree a, Tree b) {
    return a == null || b.cost < a.cost ? b : a;
  }

  private boolean dependent(Tree tree) {
    return tree.leaf >= 0 && graph.leaves.get(tree.leaf).dependent();
  }

  /** A dependent input stands alone on the right, over all that it needs. */
  private boolean fits(Tree left, Tree right) {
    return !dependent(left)
        && (!dependent(right) || (graph.leaves.get(right.leaf).needs & ~left.leaves) == 0);
  }

  private boolean connected(long left, long right) {
    for (List<Integer> members : graph.classes) {
      if (any(members, left) && any(members, right)) {
        return true;
      }
    }
    for (JoinGraph.Condition condition : graph.conditions) {
      if ((condition.leaves() & left) != 0 && (condition.leaves() & right) != 0) {
        return true;
      }
    }
    return Long.bitCount(right) == 1
        && graph.leaves.get(Long.numberOfTrailingZeros(right)).dependent();
  }

  private boolean any(List<Integer> members, long leaves) {
    return members.stream().anyMatch(m -> (leaves >> graph.leafOf(m) & 1) == 1);
  }

  private Tree join(Tree a, Tree b) {
    double selectivity = selectivity(a.leaves, b.leaves);
    double rows = a.rows * b.rows * selectivity;
    long all = a.leaves | b.leaves;
    if (dependent(b)) {
      JoinGraph.Leaf leaf = graph.leaves.get(b.leaf);
      double matched = a.rows * b.rows * onSelectivity(leaf, a);
      double others = dependentFilters(a.leaves, b.leaves);
      double out =
          switch (leaf.type) {
            case LEFT -> Math.max(a.rows, matched) * others;
            case SEMI -> Math.min(a.rows, Math.max(matched, a.rows * 1e-4));
            default -> Math.max(a.rows * 0.1, a.rows - matched);
          };
      double small = leaf.type == JoinRelType.LEFT ? b.rows : Math.min(a.rows, b.rows);
      double cost =
          a.cost + b.cost + out + BUILD_COST * small + PROBE_COST * Math.max(a.rows, b.rows);
      return new Tree(-1, a, b, all, Math.max(1, out), cost);
    }
    Tree small = a.rows <= b.rows ? a : b;
    Tree large = small == a ? b : a;
    double out = Math.max(1, rows);
    double cost = a.cost + b.cost + out + BUILD_COST * small.rows + PROBE_COST * large.rows;
    return new Tree(-1, small, large, all, out, cost);
  }

  private double dependentFilters(long left, long right) {
    double selectivity = 1;
    for (JoinGraph.Condition condition : graph.conditions) {
      long leaves = condition.leaves();
      if (leaves != 0 && (leaves & ~(left | right)) == 0 && (leaves & ~left) != 0) {
        selectivity *= 0.3;
      }
    }
    return selectivity;
  }

  private double onSelectivity(JoinGraph.Leaf leaf, Tree left) {
    double selectivity = 1;
    for (RexNode node : leaf.on) {
      selectivity *= conditionSelectivity(node);
    }
    return selectivity;
  }

  private double selectivity(long left, long right) {
    double selectivity = 1;
    Map<Long, double[]> perPair = new HashMap<>();
    for (List<Integer> members : graph.classes) {
      if (!any(members, left) || !any(members, right)) {
        continue;
      }
      double distinct = 1;
      int leftLeaf = -1;
      int rightLeaf = -1;
      for (int member : members) {
        int leaf = graph.leafOf(member);
        if ((left >> leaf & 1) == 1) {
          leftLeaf = leaf;
        } else if ((right >> leaf & 1) == 1) {
          rightLeaf = leaf;
        } else {
          continue;
        }
        distinct = Math.max(distinct, graph.estimate(member).distinct());
      }
      long pair = 1L << leftLeaf | 1L << rightLeaf;
      double[] known = perPair.computeIfAbsent(pair, p -> new double[] {1, 0});
      known[0] *= distinct;
      known[1]++;
    }
    for (Map.Entry<Long, double[]> entry : perPair.entrySet()) {
      double distinct = entry.getValue()[0];
      if (entry.getValue()[1] > 1) {
        // Several key columns between two tables: no more keys than the smaller table has rows.
        int a = Long.numberOfTrailingZeros(entry.getKey());
        int b = 63 - Long.numberOfLeadingZeros(entry.getKey());
        distinct = Math.min(distinct, Math.min(graph.unfiltered(a), graph.unfiltered(b)));
      }
      selectivity /= Math.max(1, distinct);
    }
    for (JoinGraph.Condition condition : graph.conditions) {
      long leaves = condition.leaves();
      if (leaves != 0
          && (leaves & ~(left | right)) == 0
          && (leaves & ~left) != 0
          && (leaves & ~right) != 0) {
        selectivity *= conditionSelectivity(condition.node());
      }
    }
    return selectivity;
  }

  private double conditionSelectivity(RexNode node) {
    if (node.isA(SqlKind.EQUALS) || node.isA(SqlKind.IS_NOT_DISTINCT_FROM)) {
      double distinct = 1;
      for (RexNode operand : ((RexCall) node).getOperands()) {
        if (operand instanceof RexInputRef ref) {
          distinct = Math.max(distinct, graph.estimate(ref.getIndex()).distinct());
        }
      }
      return distinct > 1 ? 1 / distinct : 0.1;
    }
    if (node.isA(SqlKind.OR)) {
      double none = 1;
      for (RexNode operand : ((RexCall) node).getOperands()) {
        none *= 1 - conditionSelectivity(operand);
      }
      return 1 - none;
    }
    if (node.isA(SqlKind.AND)) {
      double all = 1;
      for (RexNode operand : ((RexCall) node).getOperands()) {
        all *= conditionSelectivity(operand);
      }
      return all;
    }
    return node.isA(SqlKind.NOT_EQUALS) ? 0.9 : 0.3;
  }
}
