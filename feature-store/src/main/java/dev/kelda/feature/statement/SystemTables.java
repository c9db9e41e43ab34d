package dev.kelda.feature.statement;

import dev.kelda.feature.registry.FeatureView;
import dev.kelda.feature.registry.FeatureViewRegistry;
import dev.kelda.feature.registry.ViewTables;
import dev.kelda.spi.extension.QueryAnalysis.Origin;
import dev.kelda.spi.extension.SystemTable;
import dev.kelda.spi.rows.Columns;
import java.util.ArrayList;
import java.util.List;

/** {@code system.feature_views} and {@code system.lineage}: every version. */
public final class SystemTables {
  private SystemTables() {}

  private record Edge(FeatureView view, String column, Origin origin) {}

  private static final Columns<Edge> LINEAGE =
      Columns.of(Edge.class)
          .text("catalog_name", e -> e.view.name().catalog())
          .text("schema_name", e -> e.view.name().schema())
          .text("view_name", e -> e.view.name().name())
          .number("version", e -> e.view.version())
          .text("column_name", Edge::column)
          .text("source_catalog", e -> e.origin.catalog())
          .text("source_schema", e -> e.origin.schema())
          .text("source_table", e -> e.origin.table())
          .text("source_column", e -> e.origin.column())
          .truth("is_derived", e -> e.origin.derived());

  public static List<SystemTable<?>> of(FeatureViewRegistry registry, ViewTables tables) {
    return List.of(
        new SystemTable<>(
            "feature_views",
            DescribedView.ALL_COLUMNS,
            () -> registry.all().stream().map(v -> DescribedView.of(v, tables)).toList()),
        new SystemTable<>("lineage", LINEAGE, () -> edges(registry.all())));
  }

  private static List<Edge> edges(List<FeatureView> views) {
    List<Edge> edges = new ArrayList<>();
    for (FeatureView view : views) {
      for (int i = 0; i < view.definition().lineage().size(); i++) {
        String column = view.definition().columns().getFields().get(i).getName();
        for (Origin origin : view.definition().lineage().get(i)) {
          edges.add(new Edge(view, column, origin));
        }
      }
    }
    return edges;
  }
}
