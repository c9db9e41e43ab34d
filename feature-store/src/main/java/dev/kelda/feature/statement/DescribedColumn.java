package dev.kelda.feature.statement;

import static java.util.stream.Collectors.joining;

import dev.kelda.feature.registry.FeatureView;
import dev.kelda.spi.extension.QueryAnalysis.Origin;
import dev.kelda.spi.rows.Columns;
import dev.kelda.spi.rows.TypeNames;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * A row of DESCRIBE FEATURE VIEW.
 *
 * @param role what the view declares of the column: key, event time, known at, or feature
 * @param sources the columns that its values come from, with {@code (…)} when they are computed
 */
record DescribedColumn(String name, String type, String role, String sources) {
  static final Columns<DescribedColumn> COLUMNS =
      Columns.of(DescribedColumn.class)
          .text("column_name", DescribedColumn::name)
          .text("data_type", DescribedColumn::type)
          .text("role", DescribedColumn::role)
          .text("sources", DescribedColumn::sources);

  static List<DescribedColumn> of(FeatureView view) {
    List<DescribedColumn> all = new ArrayList<>();
    for (Field column : view.definition().columns().getFields()) {
      all.add(of(view, column));
    }
    return all;
  }

  static DescribedColumn of(FeatureView view, Field column) {
    int ordinal = view.definition().columns().getFields().indexOf(column);
    List<Origin> origins = view.definition().lineage().get(ordinal);
    String names =
        origins.stream()
            .map(o -> o.catalog() + "." + o.schema() + "." + o.table() + "." + o.column())
            .collect(joining(", "));
    boolean derived = origins.stream().anyMatch(Origin::derived);
    return new DescribedColumn(
        column.getName(),
        TypeNames.of(column),
        role(view, column.getName()),
        derived ? "(" + names + ")" : names);
  }

  private static String role(FeatureView view, String column) {
    FeatureView.Definition definition = view.definition();
    if (definition.primaryKey().contains(column)) {
      return "key";
    }
    if (definition.eventTime().equals(column)) {
      return "event time";
    }
    return definition.knownAt().filter(column::equals).isPresent() ? "known at" : "feature";
  }

  @Override
  public String toString() {
    return "%s %s: %s%s".formatted(name, type, role, sources.isEmpty() ? "" : " from " + sources);
  }
}
