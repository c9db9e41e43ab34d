package dev.kelda.feature.training;

import dev.kelda.feature.training.Dataset.ColumnStatistics;
import dev.kelda.spi.rows.Columns;
import java.util.List;

/**
 * A row of DESCRIBE TRAINING DATASET.
 *
 * @param role label, split or feature
 */
record DescribedColumn(ColumnStatistics column, String role) {
  static final Columns<DescribedColumn> COLUMNS =
      Columns.of(DescribedColumn.class)
          .text("column_name", d -> d.column.name())
          .text("data_type", d -> d.column.type())
          .text("role", DescribedColumn::role)
          .number("nulls", d -> d.column.nulls())
          .number("distinct_values", d -> d.column.distinct())
          .optionalText("min", d -> d.column.min())
          .optionalText("max", d -> d.column.max())
          .optionalText("mean", d -> d.column.mean().map(Object::toString));

  static List<DescribedColumn> of(Dataset dataset) {
    return dataset.contents().stream()
        .flatMap(contents -> contents.columns().stream())
        .map(column -> new DescribedColumn(column, role(dataset, column.name())))
        .toList();
  }

  private static String role(Dataset dataset, String column) {
    boolean split = dataset.recipe().split().isPresent() && column.equals(Recipes.SPLIT);
    return split ? "split" : dataset.recipe().labels().contains(column) ? "label" : "feature";
  }
}
