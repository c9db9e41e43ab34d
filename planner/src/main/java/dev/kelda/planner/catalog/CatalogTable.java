package dev.kelda.planner.catalog;

import static java.util.Objects.requireNonNull;

import dev.kelda.planner.encode.Types;
import dev.kelda.planner.validate.KeldaTypeFactory;
import dev.kelda.spi.connector.TableStatistics;
import dev.kelda.spi.connector.View;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.schema.Statistic;
import org.apache.calcite.schema.impl.AbstractTable;

/** A resolved table as Calcite sees it. */
public final class CatalogTable extends AbstractTable {
  private static final double UNKNOWN_ROWS = 100_000;

  private final TableReference reference;
  private final TableStatistics statistics;

  /** A view becomes a table that Calcite asks for its query. */
  static org.apache.calcite.schema.Table of(TableReference reference) {
    return reference.table() instanceof View view
        ? new CatalogView(reference, view)
        : new CatalogTable(reference);
  }

  private CatalogTable(TableReference reference) {
    this.reference = requireNonNull(reference, "reference is null");
    this.statistics = reference.table().statistics();
  }

  public TableReference reference() {
    return reference;
  }

  public TableStatistics statistics() {
    return statistics;
  }

  public double rows() {
    return Math.max(1, statistics.rows().orElse(UNKNOWN_ROWS));
  }

  @Override
  public RelDataType getRowType(RelDataTypeFactory factory) {
    RelDataTypeFactory.Builder row = factory.builder();
    for (Field field : reference.table().schema().getFields()) {
      row.add(field.getName(), Types.toSql((KeldaTypeFactory) factory, field));
    }
    return row.build();
  }

  @Override
  public Statistic getStatistic() {
    return new Statistic() {
      @Override
      public Double getRowCount() {
        return rows();
      }
    };
  }

  @Override
  public <C> C unwrap(Class<C> type) {
    return type.isInstance(this) ? type.cast(this) : super.unwrap(type);
  }
}
