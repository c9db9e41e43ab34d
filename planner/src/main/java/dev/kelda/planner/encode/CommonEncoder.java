package dev.kelda.planner.encode;

import dev.kelda.planner.proto.Common;
import dev.kelda.planner.proto.Rel;
import dev.kelda.planner.rules.CommonRows;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.calcite.plan.RelDigest;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.RepeatUnion;

/**
 * Parts of a plan that several places read and that are computed once: rows that have to be the
 * same ({@link CommonRows}), and aggregations that happen to be, as of a CTE that is read twice.
 */
final class CommonEncoder {
  private final RelEncoder rels;
  private final Map<RelDigest, Integer> places = new HashMap<>();
  private final Map<RelDigest, Integer> encoded = new HashMap<>();
  private final List<Rel> parts = new ArrayList<>();

  /**
   * @param root of the whole statement
   */
  CommonEncoder(RelEncoder rels, RelNode root) {
    this.rels = rels;
    count(root, !hasRecursion(root));
  }

  /** A part is encoded where it is met first. */
  private void count(RelNode node, boolean aggregates) {
    boolean candidate = node instanceof CommonRows || aggregates && node instanceof Aggregate;
    if (candidate && places.merge(node.getRelDigest(), 1, Integer::sum) > 1) {
      return;
    }
    node.getInputs().forEach(input -> count(input, aggregates));
  }

  /** What a step of a recursion reads is another part in each of them. */
  private static boolean hasRecursion(RelNode node) {
    return node instanceof RepeatUnion
        || node.getInputs().stream().anyMatch(CommonEncoder::hasRecursion);
  }

  /** Empty for what is read in one place. */
  Optional<Rel> encode(RelNode node) {
    if (!(node instanceof CommonRows || node instanceof Aggregate)
        || places.getOrDefault(node.getRelDigest(), 1) == 1) {
      return Optional.empty();
    }
    Integer part = encoded.get(node.getRelDigest());
    if (part == null) {
      Rel rows = rels.encodeHere(node);
      part = parts.size();
      parts.add(rows);
      encoded.put(node.getRelDigest(), part);
    }
    return Optional.of(Rel.newBuilder().setCommon(Common.newBuilder().setPart(part)).build());
  }

  /** What the plan reads by number; a part reads those before it. */
  List<Rel> parts() {
    return parts;
  }
}
