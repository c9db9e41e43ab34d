package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.View;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.Optional;
import org.apache.iceberg.view.UpdateViewProperties;
import org.apache.iceberg.view.ViewBuilder;

/** Views made, changed and dropped. */
final class ViewDefinitions {
  private final IcebergCatalog catalog;

  ViewDefinitions(IcebergCatalog catalog) {
    this.catalog = catalog;
  }

  void create(String schema, String name, View.Definition definition, boolean replace) {
    catalog.requireSchema(schema);
    Names.check("view", name);
    IcebergErrors.translating(
        schema + "." + name,
        () -> {
          catalog.requireReadable(schema, name);
          ViewBuilder builder =
              IcebergView.build(
                  catalog.views().buildView(IcebergCatalog.identifier(schema, name)), definition);
          catalog.newFolder(schema, name).ifPresent(builder::withLocation);
          if (replace) {
            builder.createOrReplace();
          } else {
            builder.create();
          }
        });
  }

  void drop(String schema, String name) {
    String full = schema + "." + name;
    IcebergErrors.translating(
        full,
        () -> {
          if (!catalog.views().dropView(IcebergCatalog.identifier(schema, name))) {
            throw new KeldaException(ErrorCode.TABLE_NOT_FOUND, "no view " + full);
          }
        });
  }

  void rename(String schema, String name, String newSchema, String newName) {
    Names.check("view", newName);
    IcebergErrors.translating(
        schema + "." + name,
        () ->
            catalog
                .views()
                .renameView(
                    IcebergCatalog.identifier(schema, name),
                    IcebergCatalog.identifier(newSchema, newName)));
  }

  void comment(String schema, String name, Optional<String> comment) {
    IcebergErrors.translating(
        schema + "." + name,
        () -> {
          catalog.requireReadable(schema, name);
          UpdateViewProperties update =
              catalog.views().loadView(IcebergCatalog.identifier(schema, name)).updateProperties();
          comment.ifPresentOrElse(
              text -> update.set(TableChanges.COMMENT, text),
              () -> update.remove(TableChanges.COMMENT));
          update.commit();
        });
  }
}
