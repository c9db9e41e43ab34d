package dev.kelda.planner.catalog;

import static java.util.Objects.requireNonNull;

import dev.kelda.planner.encode.Types;
import dev.kelda.planner.validate.KeldaTypeFactory;
import dev.kelda.spi.connector.View;
import java.util.List;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.schema.TranslatableTable;
import org.apache.calcite.schema.impl.AbstractTable;

/** A resolved view as Calcite sees it: a name with columns that turns into a query. */
final class CatalogView extends AbstractTable implements TranslatableTable {
  private final TableReference reference;
  private final View.Definition definition;

  CatalogView(TableReference reference, View view) {
    this.reference = requireNonNull(reference, "reference is null");
    this.definition = view.definition();
  }

  @Override
  public RelDataType getRowType(RelDataTypeFactory factory) {
    RelDataTypeFactory.Builder row = factory.builder();
    for (Field field : definition.columns().getFields()) {
      row.add(field.getName(), Types.toSql((KeldaTypeFactory) factory, Types.nullable(field)));
    }
    return row.build();
  }

  @Override
  public RelNode toRel(RelOptTable.ToRelContext context, RelOptTable table) {
    return context
        .expandView(
            table.getRowType(),
            definition.sql(),
            List.of(definition.catalog(), definition.schema()),
            List.of(reference.catalog(), reference.schema(), reference.name()))
        .project();
  }
}
