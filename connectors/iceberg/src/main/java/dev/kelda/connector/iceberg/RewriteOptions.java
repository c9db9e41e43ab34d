package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.Procedure;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.iceberg.ContentFile;
import org.apache.iceberg.ContentScanTask;
import org.apache.iceberg.actions.FileRewritePlanner;
import org.apache.iceberg.actions.RewriteGroupBase;
import org.apache.iceberg.io.CloseableIterable;

/** The argument {@code options} of what rewrites files: Iceberg's, checked by its planners. */
final class RewriteOptions {
  private RewriteOptions() {}

  /**
   * @throws KeldaException INVALID_ARGUMENT for an option that the planner does not have
   */
  static void init(FileRewritePlanner<?, ?, ?, ?> planner, Procedure.Arguments arguments) {
    @SuppressWarnings("unchecked")
    Map<String, String> options = arguments.find("options", Map.class).orElse(Map.of());
    for (String option : options.keySet()) {
      if (!planner.validOptions().contains(option)) {
        throw new KeldaException(
            ErrorCode.INVALID_ARGUMENT,
            "unknown option '" + option + "'; known: " + new TreeSet<>(planner.validOptions()));
      }
    }
    planner.init(options);
  }

  /** What is to be rewritten, each group by itself. */
  static <
          I,
          T extends ContentScanTask<F>,
          F extends ContentFile<F>,
          G extends RewriteGroupBase<I, T, F>>
      List<G> groups(FileRewritePlanner<I, T, F, G> planner) {
    List<G> groups = new ArrayList<>();
    try (CloseableIterable<G> planned = planner.plan().groups()) {
      planned.forEach(groups::add);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return groups;
  }
}
