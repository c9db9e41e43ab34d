package dev.kelda.planner.rules;

import static java.util.Objects.requireNonNull;

import dev.kelda.planner.rules.PointInTimeJoin.Build;
import dev.kelda.planner.rules.PointInTimeJoin.Feature;
import java.util.Optional;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;

/**
 * Which side of each join in time is indexed in memory: the spine, unless all of its features
 * together have far fewer rows, so that memory is bounded by the smaller side. A guess is not
 * enough: features whose size nobody knows are streamed.
 */
final class BuildSides extends RelHomogeneousShuttle {
  /** Indexing features costs more for each of their rows than streaming them. */
  private static final double SPINE_TO_FEATURES = 4;

  private final Estimates estimates;
  private final Optional<Build> forced;

  BuildSides(Estimates estimates, Optional<Build> forced) {
    this.estimates = requireNonNull(estimates, "estimates is null");
    this.forced = requireNonNull(forced, "forced is null");
  }

  @Override
  public RelNode visit(RelNode other) {
    RelNode visited = super.visit(other);
    return visited instanceof PointInTimeJoin join
        ? join.building(forced.orElseGet(() -> side(join)))
        : visited;
  }

  private Build side(PointInTimeJoin join) {
    double rows = 0;
    for (Feature feature : join.features()) {
      if (!estimates.isKnown(feature.input())) {
        return Build.SPINE;
      }
      rows += estimates.rows(feature.input());
    }
    return rows * SPINE_TO_FEATURES <= estimates.rows(join.spine()) ? Build.FEATURES : Build.SPINE;
  }
}
