package dev.kelda.planner.rules;

import dev.kelda.planner.rules.PointInTimeJoin.Feature;
import dev.kelda.planner.search.SearchNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexPermuteInputsShuttle;
import org.apache.calcite.sql2rel.RelFieldTrimmer;
import org.apache.calcite.tools.RelBuilder;
import org.apache.calcite.util.ImmutableBitSet;
import org.apache.calcite.util.mapping.Mapping;
import org.apache.calcite.util.mapping.MappingType;
import org.apache.calcite.util.mapping.Mappings;

/**
 * Calcite's trimmer, which also knows joins in time and searches. Public for its reflective
 * dispatch.
 */
public final class FieldTrimmer extends RelFieldTrimmer {
  /** Of each {@link CommonRows} the fields that any of its places uses; complete after one pass. */
  private final Map<Integer, ImmutableBitSet> common = new HashMap<>();

  private boolean noting;

  FieldTrimmer(RelBuilder builder) {
    super(null, builder);
  }

  @Override
  public RelNode trim(RelNode root) {
    noting = true;
    RelNode noted = super.trim(root);
    noting = false;
    return common.isEmpty() ? noted : super.trim(root);
  }

  /** All places of the same rows hand up what any of them is asked for: they stay alike. */
  public TrimResult trimFields(
      CommonRows rows, ImmutableBitSet fieldsUsed, Set<RelDataTypeField> extraFields) {
    if (noting) {
      common.merge(rows.number(), fieldsUsed, ImmutableBitSet::union);
    }
    TrimResult input = trimChild(rows, rows.getInput(), common.get(rows.number()), Set.of());
    return result(CommonRows.create(input.left, rows.number()), input.right);
  }

  /**
   * Both sides hand up only what is asked for, or what keys and times need. A feature that hands up
   * nothing and drops no row goes.
   */
  public TrimResult trimFields(
      PointInTimeJoin join, ImmutableBitSet fieldsUsed, Set<RelDataTypeField> extraFields) {
    int spineColumns = join.spine().getRowType().getFieldCount();
    ImmutableBitSet.Builder spineUsed =
        fieldsUsed.intersect(ImmutableBitSet.range(spineColumns)).rebuild();
    for (Feature feature : join.features()) {
      spineUsed.addAll(RelOptUtil.InputFinder.bits(feature.spineKeys(), feature.spineTime()));
    }
    TrimResult spine = trimChild(join, join.spine(), spineUsed.build(), Set.of());
    List<Integer> targets = new ArrayList<>();
    for (int i = 0; i < spineColumns; i++) {
      targets.add(spine.right.getTargetOpt(i));
    }
    int next = spine.left.getRowType().getFieldCount();
    int column = spineColumns;
    List<Feature> features = new ArrayList<>();
    for (Feature feature : join.features()) {
      ImmutableBitSet.Builder used =
          RelOptUtil.InputFinder.bits(feature.featureKeys(), feature.featureTime()).rebuild();
      feature.knownAt().ifPresent(known -> used.addAll(RelOptUtil.InputFinder.bits(known)));
      List<Integer> output = new ArrayList<>();
      for (int ordinal : feature.output()) {
        boolean wanted = fieldsUsed.get(column++);
        targets.add(wanted ? next++ : -1);
        if (wanted) {
          used.set(ordinal);
          output.add(ordinal);
        }
      }
      if (output.isEmpty() && !feature.inner()) {
        continue;
      }
      TrimResult input = trimChild(join, feature.input(), used.build(), Set.of());
      features.add(trimmed(feature, spine, input, output));
    }
    Mapping mapping = Mappings.create(MappingType.INVERSE_SURJECTION, targets.size(), next);
    for (int i = 0; i < targets.size(); i++) {
      if (targets.get(i) >= 0) {
        mapping.set(i, targets.get(i));
      }
    }
    RelNode trimmed =
        features.isEmpty() ? spine.left : PointInTimeJoin.create(spine.left, features);
    return result(trimmed, mapping);
  }

  private static Feature trimmed(
      Feature feature, TrimResult spine, TrimResult input, List<Integer> output) {
    RexPermuteInputsShuttle overSpine = new RexPermuteInputsShuttle(spine.right, spine.left);
    RexPermuteInputsShuttle overInput = new RexPermuteInputsShuttle(input.right, input.left);
    List<RexNode> spineKeys = feature.spineKeys().stream().map(k -> k.accept(overSpine)).toList();
    List<RexNode> featureKeys =
        feature.featureKeys().stream().map(k -> k.accept(overInput)).toList();
    RelNode trimmed = input.left;
    return new Feature(
        trimmed,
        spineKeys,
        featureKeys,
        feature.spineTime().accept(overSpine),
        feature.featureTime().accept(overInput),
        feature.match(),
        feature.tolerance(),
        feature.toleranceExclusive(),
        feature.knownAt().map(known -> known.accept(overInput)),
        feature.inner(),
        output.stream().map(o -> input.right.getTarget(o)).toList());
  }

  /**
   * Of what is searched only the columns that find rows are read at first, or with those that are
   * asked for where rows cannot be found again.
   */
  public TrimResult trimFields(
      SearchNode search, ImmutableBitSet fieldsUsed, Set<RelDataTypeField> extraFields) {
    SearchNode.Spec spec = search.spec();
    int queryColumns = search.queryColumns();
    ImmutableBitSet.Builder queriesUsed =
        fieldsUsed.intersect(ImmutableBitSet.range(queryColumns)).rebuild();
    ImmutableBitSet.Builder rowsUsed = ImmutableBitSet.builder();
    for (SearchNode.Branch branch : spec.branches()) {
      queriesUsed.set(branch.query());
      if (branch.vector() >= 0) {
        rowsUsed.set(branch.vector());
      }
    }
    List<Integer> wanted = new ArrayList<>();
    for (int i = 0; i < spec.output().size(); i++) {
      if (fieldsUsed.get(queryColumns + i)) {
        wanted.add(i);
      }
    }
    boolean again = spec.found().isPresent();
    if (again) {
      rowsUsed.set(spec.address());
    } else {
      wanted.forEach(i -> rowsUsed.set(spec.output().get(i)));
    }
    TrimResult queries = trimChild(search, search.queries(), queriesUsed.build(), Set.of());
    TrimResult rows = trimChild(search, search.rows(), rowsUsed.build(), Set.of());
    List<SearchNode.Branch> branches =
        spec.branches().stream()
            .map(
                b ->
                    new SearchNode.Branch(
                        queries.right.getTarget(b.query()),
                        b.count(),
                        b.vector() < 0 ? -1 : rows.right.getTarget(b.vector())))
            .toList();
    List<Integer> output =
        wanted.stream()
            .map(i -> spec.output().get(i))
            .map(column -> again ? column : Integer.valueOf(rows.right.getTarget(column)))
            .toList();
    SearchNode trimmed =
        SearchNode.create(
            queries.left,
            rows.left,
            new SearchNode.Spec(
                spec.search(),
                branches,
                spec.fused(),
                spec.found(),
                again ? rows.right.getTarget(spec.address()) : -1,
                output,
                spec.outer()));
    int all = search.getRowType().getFieldCount();
    Mapping mapping =
        Mappings.create(MappingType.INVERSE_SURJECTION, all, trimmed.getRowType().getFieldCount());
    for (int i = 0; i < queryColumns; i++) {
      if (queries.right.getTargetOpt(i) >= 0) {
        mapping.set(i, queries.right.getTarget(i));
      }
    }
    int next = queries.left.getRowType().getFieldCount();
    for (int i : wanted) {
      mapping.set(queryColumns + i, next++);
    }
    for (int i = queryColumns + spec.output().size(); i < all; i++) {
      mapping.set(i, next++);
    }
    return result(trimmed, mapping);
  }
}
