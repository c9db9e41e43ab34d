package dev.kelda.planner.catalog;

import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.connector.Timeline;
import dev.kelda.spi.connector.View;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.Schema;

/** A view that is not looked through, for queries that are only looked at. */
record Whole(View view) implements Table {
  @Override
  public Schema schema() {
    return view.schema();
  }

  @Override
  public TableKind kind() {
    return view.kind();
  }

  @Override
  public String version() {
    return view.version();
  }

  @Override
  public Optional<Timeline> timeline() {
    return view.timeline();
  }

  @Override
  public Optional<String> partOf() {
    return view.partOf();
  }

  @Override
  public Scan scan(List<Predicate> conjuncts) {
    throw new IllegalStateException("nothing reads a query that is only looked at");
  }
}
