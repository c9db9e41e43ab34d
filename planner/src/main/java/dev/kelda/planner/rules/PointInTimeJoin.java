package dev.kelda.planner.rules;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.calcite.plan.Convention;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.RelOptCost;
import org.apache.calcite.plan.RelOptPlanner;
import org.apache.calcite.plan.RelTraitSet;
import org.apache.calcite.rel.AbstractRelNode;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelWriter;
import org.apache.calcite.rel.metadata.RelMetadataQuery;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.validate.SqlValidatorUtil;

/**
 * Joins to each spine row at most one row of each feature input: the nearest in time with equal
 * keys. Not a subclass of Join, so that no rule for joins can touch it.
 *
 * <p>Output row: the spine's columns, then each feature input's columns, nullable unless the
 * feature is inner.
 */
public final class PointInTimeJoin extends AbstractRelNode {
  private RelNode spine;
  private final List<Feature> features;
  private final Build build;

  /**
   * One feature input. Key and time expressions are over the spine's row and the feature's row.
   *
   * @param tolerance in the unit of the time type
   * @param toleranceExclusive a distance of the tolerance itself is too far
   * @param knownAt of the time type: the row is visible from then on
   * @param output columns of the feature's row handed upwards
   */
  public record Feature(
      RelNode input,
      List<RexNode> spineKeys,
      List<RexNode> featureKeys,
      RexNode spineTime,
      RexNode featureTime,
      Match match,
      Optional<Long> tolerance,
      boolean toleranceExclusive,
      Optional<RexNode> knownAt,
      boolean inner,
      List<Integer> output) {
    public Feature {
      output = List.copyOf(output);
      requireNonNull(input, "input is null");
      spineKeys = List.copyOf(spineKeys);
      featureKeys = List.copyOf(featureKeys);
      requireNonNull(spineTime, "spineTime is null");
      requireNonNull(featureTime, "featureTime is null");
      requireNonNull(match, "match is null");
      requireNonNull(tolerance, "tolerance is null");
      requireNonNull(knownAt, "knownAt is null");
    }

    Feature with(RelNode other) {
      return new Feature(
          other,
          spineKeys,
          featureKeys,
          spineTime,
          featureTime,
          match,
          tolerance,
          toleranceExclusive,
          knownAt,
          inner,
          output);
    }
  }

  /** The side that is held in memory and indexed; the other is streamed. */
  public enum Build {
    SPINE,
    FEATURES
  }

  /** spine time (match) feature time. */
  public enum Match {
    GREATER_OR_EQUAL(">="),
    GREATER(">"),
    LESS_OR_EQUAL("<="),
    LESS("<");

    private final String symbol;

    Match(String symbol) {
      this.symbol = symbol;
    }
  }

  public PointInTimeJoin(
      RelOptCluster cluster,
      RelTraitSet traits,
      RelNode spine,
      List<Feature> features,
      Build build) {
    super(cluster, traits);
    this.spine = requireNonNull(spine, "spine is null");
    this.features = new ArrayList<>(features);
    this.build = requireNonNull(build, "build is null");
  }

  static PointInTimeJoin create(RelNode spine, List<Feature> features) {
    RelOptCluster cluster = spine.getCluster();
    return new PointInTimeJoin(
        cluster, cluster.traitSetOf(Convention.NONE), spine, features, Build.SPINE);
  }

  PointInTimeJoin building(Build side) {
    return new PointInTimeJoin(getCluster(), getTraitSet(), spine, features, side);
  }

  public RelNode spine() {
    return spine;
  }

  public List<Feature> features() {
    return List.copyOf(features);
  }

  public Build build() {
    return build;
  }

  @Override
  public List<RelNode> getInputs() {
    List<RelNode> inputs = new ArrayList<>(1 + features.size());
    inputs.add(spine);
    features.forEach(f -> inputs.add(f.input()));
    return inputs;
  }

  @Override
  public void replaceInput(int ordinal, RelNode input) {
    if (ordinal == 0) {
      spine = input;
    } else {
      features.set(ordinal - 1, features.get(ordinal - 1).with(input));
    }
    recomputeDigest();
  }

  @Override
  public RelNode copy(RelTraitSet traits, List<RelNode> inputs) {
    List<Feature> copied = new ArrayList<>(features.size());
    for (int i = 0; i < features.size(); i++) {
      copied.add(features.get(i).with(inputs.get(i + 1)));
    }
    return new PointInTimeJoin(getCluster(), traits, inputs.getFirst(), copied, build);
  }

  @Override
  protected RelDataType deriveRowType() {
    RelDataTypeFactory types = getCluster().getTypeFactory();
    List<String> names = new ArrayList<>(spine.getRowType().getFieldNames());
    List<RelDataType> columns = new ArrayList<>();
    spine.getRowType().getFieldList().forEach(f -> columns.add(f.getType()));
    for (Feature feature : features) {
      for (int ordinal : feature.output()) {
        RelDataTypeField field = feature.input().getRowType().getFieldList().get(ordinal);
        names.add(field.getName());
        columns.add(
            feature.inner()
                ? field.getType()
                : types.createTypeWithNullability(field.getType(), true));
      }
    }
    return types.createStructType(
        columns, SqlValidatorUtil.uniquify(names, types.getTypeSystem().isSchemaCaseSensitive()));
  }

  @Override
  public double estimateRowCount(RelMetadataQuery mq) {
    return mq.getRowCount(spine);
  }

  @Override
  public RelOptCost computeSelfCost(RelOptPlanner planner, RelMetadataQuery mq) {
    double rows = getInputs().stream().mapToDouble(mq::getRowCount).sum();
    return planner.getCostFactory().makeCost(rows, rows, 0);
  }

  @Override
  public RelWriter explainTerms(RelWriter writer) {
    super.explainTerms(writer).input("spine", spine);
    for (int i = 0; i < features.size(); i++) {
      writer.input("feature" + i, features.get(i).input());
    }
    for (int i = 0; i < features.size(); i++) {
      Feature f = features.get(i);
      writer.item("match" + i, f.spineTime() + " " + f.match().symbol + " " + f.featureTime());
      writer.item("keys" + i, f.spineKeys() + " = " + f.featureKeys());
      String within = f.toleranceExclusive() ? "ttl" : "tolerance";
      f.tolerance().ifPresent(t -> writer.item(within, t));
      f.knownAt().ifPresent(known -> writer.item("knownAt", known));
      writer.item("output" + i, f.output());
      writer.itemIf("inner" + i, true, f.inner());
    }
    return writer.item("build", build.name().toLowerCase(Locale.ROOT));
  }
}
