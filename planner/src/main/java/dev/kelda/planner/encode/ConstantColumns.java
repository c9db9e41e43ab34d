package dev.kelda.planner.encode;

import java.util.Optional;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.Window;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexUtil;

/**
 * Constants that Calcite has put into a column of the input. Separators, fractions, offsets and
 * bounds of frames must be seen as what they are: to the engine a column would hide them.
 */
final class ConstantColumns {
  private ConstantColumns() {}

  /** The constant behind a column, through the nodes that only pass it on. */
  static Optional<RexNode> find(RelNode input, int column) {
    return switch (input.stripped()) {
      case Project project -> {
        RexNode node = project.getProjects().get(column);
        yield node instanceof RexInputRef ref
            ? find(project.getInput(), ref.getIndex())
            : Optional.of(node).filter(RexUtil::isConstant);
      }
      case Filter filter -> find(filter.getInput(), column);
      case Window window when column < window.getInput().getRowType().getFieldCount() ->
          find(window.getInput(), column);
      default -> Optional.empty();
    };
  }
}
