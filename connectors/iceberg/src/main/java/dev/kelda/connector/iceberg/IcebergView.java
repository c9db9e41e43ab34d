package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.TableDefinition;
import dev.kelda.spi.connector.Timeline;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.view.BaseView;
import org.apache.iceberg.view.SQLViewRepresentation;
import org.apache.iceberg.view.View;
import org.apache.iceberg.view.ViewBuilder;

/** A view as it was when it was loaded. */
record IcebergView(
    dev.kelda.spi.connector.View.Definition definition, Optional<Timeline> timeline, String version)
    implements dev.kelda.spi.connector.View {
  /** The name of our SQL beside those of Spark and Trino. */
  static final String DIALECT = "kelda";

  /**
   * @param catalog the catalog's name here, for views that name none
   */
  static IcebergView of(String name, View view, String catalog, String schema) {
    SQLViewRepresentation sql = view.sqlFor(DIALECT);
    if (sql == null) {
      throw new KeldaException(ErrorCode.NOT_SUPPORTED, "view " + name + " has no text in SQL");
    }
    Namespace namespace = view.currentVersion().defaultNamespace();
    Schema columns = IcebergTypes.toArrow(name, view.schema());
    String comment = view.properties().get(TableChanges.COMMENT);
    return new IcebergView(
        new Definition(
            columns,
            sql.sql(),
            Optional.ofNullable(view.currentVersion().defaultCatalog()).orElse(catalog),
            namespace == null || namespace.isEmpty() ? schema : namespace.level(0),
            Optional.ofNullable(comment),
            view.properties()),
        Timelines.of(name, view.properties()),
        ((BaseView) view).operations().current().metadataFileLocation());
  }

  @Override
  public Optional<String> partOf() {
    return Optional.ofNullable(definition.properties().get(TableDefinition.PART_OF));
  }

  static ViewBuilder build(ViewBuilder builder, Definition definition) {
    definition.properties().forEach(builder::withProperty);
    definition.comment().ifPresent(comment -> builder.withProperty(TableChanges.COMMENT, comment));
    return builder
        .withSchema(IcebergTypes.toIceberg(definition.columns(), Map.of()))
        .withQuery(DIALECT, definition.sql())
        .withDefaultCatalog(definition.catalog())
        .withDefaultNamespace(Namespace.of(definition.schema()));
  }
}
