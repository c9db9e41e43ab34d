package dev.kelda.feature.statement;

import dev.kelda.feature.registry.FeatureView;
import dev.kelda.feature.registry.ViewOptions;
import dev.kelda.feature.registry.ViewTables;
import dev.kelda.spi.rows.Columns;
import java.time.Duration;
import java.util.Locale;

/** A row of SHOW FEATURE VIEWS and of {@code system.feature_views}. */
record DescribedView(FeatureView view, boolean refreshed) {
  static final Columns<DescribedView> COLUMNS =
      Columns.of(DescribedView.class)
          .text("name", d -> d.view.name().name())
          .number("version", d -> d.view.version())
          .text("primary_key", d -> String.join(", ", d.view.definition().primaryKey()))
          .text("event_time", d -> d.view.definition().eventTime())
          .optionalText("known_at", d -> d.view.definition().knownAt())
          .optionalText("ttl", d -> d.options().timeToLive().map(DescribedView::text))
          .text("state", DescribedView::state)
          .truth("online", d -> d.options().online())
          .optionalText("target_lag", d -> d.options().targetLag().map(DescribedView::text))
          .text("refresh_mode", d -> d.options().refreshMode().name().toLowerCase(Locale.ROOT))
          .text("owner", d -> d.options().owner())
          .text("tags", d -> d.options().tagText());

  static final Columns<DescribedView> ALL_COLUMNS =
      COLUMNS
          .text("catalog_name", d -> d.view.name().catalog())
          .text("schema_name", d -> d.view.name().schema())
          .truth("is_current", d -> d.view.current())
          .text("table_name", d -> d.view.table().name())
          .text("description", d -> d.options().description())
          .instant("created_at", d -> d.view.createdAt())
          .text("created_by", d -> d.view.createdBy())
          .text("definition", d -> d.view.definition().sql());

  static DescribedView of(FeatureView view, ViewTables tables) {
    return new DescribedView(view, tables.isRefreshed(view));
  }

  private ViewOptions options() {
    return view.options();
  }

  /** {@code query}: read as its query; {@code new}: so until the first REFRESH; {@code table}. */
  private String state() {
    return !options().materialized() ? "query" : refreshed ? "table" : "new";
  }

  /** {@code 30 days}. */
  static String text(Duration duration) {
    long seconds = duration.toSeconds();
    long size =
        seconds % 86_400 == 0 ? 86_400 : seconds % 3600 == 0 ? 3600 : seconds % 60 == 0 ? 60 : 1;
    String unit = size == 86_400 ? "day" : size == 3600 ? "hour" : size == 60 ? "minute" : "second";
    return seconds / size + " " + unit + (seconds == size ? "" : "s");
  }
}
