package dev.kelda.feature.training;

import static java.util.stream.Collectors.joining;

import dev.kelda.feature.training.Dataset.Contents;
import dev.kelda.feature.training.Dataset.Parts;
import dev.kelda.feature.training.Dataset.State;
import dev.kelda.spi.rows.Columns;
import java.util.Locale;

/** A row of SHOW TRAINING DATASETS and of {@code system.training_datasets}. */
record DescribedDataset(Dataset dataset) {
  static final Columns<DescribedDataset> COLUMNS =
      Columns.of(DescribedDataset.class)
          .text("name", d -> d.dataset.name().name())
          .number("version", d -> d.dataset.version())
          .number("rows", d -> d.contents().rows())
          .text("labels", d -> String.join(", ", d.dataset.recipe().labels()))
          .optionalText("split", d -> d.dataset.recipe().split().map(DescribedDataset::text))
          .truth("has_data", d -> d.dataset.state() == State.READY)
          .text("checksum", d -> d.contents().checksum());

  static final Columns<DescribedDataset> ALL_COLUMNS =
      COLUMNS
          .text("catalog_name", d -> d.dataset.name().catalog())
          .text("schema_name", d -> d.dataset.name().schema())
          .text("table_name", d -> d.dataset.table().name())
          .text("sources", DescribedDataset::sources)
          .instant("created_at", d -> d.dataset.createdAt())
          .text("created_by", d -> d.dataset.createdBy())
          .text("definition", d -> d.dataset.recipe().sql());

  private Contents contents() {
    return dataset.contents().orElseThrow();
  }

  /** {@code train 0.8, test 0.2 by hash (id) seed 42}. */
  static String text(Parts split) {
    String parts =
        split.parts().stream()
            .map(part -> part.name() + " " + part.share().toPlainString())
            .collect(joining(", "));
    String kind = split.kind().toLowerCase(Locale.ROOT);
    String columns =
        split.kind().equals("RANDOM") ? "" : " (" + String.join(", ", split.columns()) + ")";
    String seed = split.kind().equals("TIME") ? "" : " seed " + split.seed();
    return parts + " by " + kind + columns + seed;
  }

  private String sources() {
    return dataset.recipe().sources().stream()
        .map(
            source ->
                source.name()
                    + (source.snapshot().isPresent() ? "@" + source.snapshot().getAsLong() : ""))
        .collect(joining(", "));
  }
}
