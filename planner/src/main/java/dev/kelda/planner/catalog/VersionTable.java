package dev.kelda.planner.catalog;

import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableKind;
import java.util.List;
import org.apache.arrow.vector.types.pojo.Schema;

/** Something a plan depends on that is no table: only its version counts. */
record VersionTable(String version) implements Table {
  @Override
  public Schema schema() {
    return new Schema(List.of());
  }

  @Override
  public TableKind kind() {
    return TableKind.SYSTEM_TABLE;
  }

  @Override
  public Scan scan(List<Predicate> conjuncts) {
    throw new UnsupportedOperationException("nothing reads " + version);
  }
}
