package dev.kelda.feature.registry;

import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.connector.Timeline;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.Schema;

/** Stands for a table where it has no rows. */
public record NoRows(Schema schema, Optional<Timeline> timeline) implements Table {
  @Override
  public TableKind kind() {
    return TableKind.TABLE;
  }

  @Override
  public String version() {
    return "no rows of " + schema;
  }

  @Override
  public Scan scan(List<Predicate> conjuncts) {
    return new Scan.Files(
        Scan.FileFormat.PARQUET,
        Scan.FormatOptions.DEFAULT,
        false,
        schema.getFields().stream().map(field -> Scan.ColumnSource.byName()).toList(),
        List.of());
  }
}
