package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.connector.TableListing;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.exceptions.NoSuchNamespaceException;

/** The single-level namespaces of a catalog, as schemas. */
final class SchemaDefinitions {
  static final String DEFAULT = "main";

  private final IcebergCatalog catalog;

  SchemaDefinitions(IcebergCatalog catalog) {
    this.catalog = catalog;
  }

  List<String> all() {
    return IcebergErrors.translating(
        "the schemas",
        () ->
            catalog.namespaces().listNamespaces().stream()
                .filter(namespace -> namespace.length() == 1)
                .map(namespace -> namespace.level(0))
                .sorted()
                .toList());
  }

  /** Tables and views; empty when there is no such schema. */
  List<TableListing> contents(String schema) {
    Namespace namespace = Namespace.of(schema);
    return IcebergErrors.translating(
        schema,
        () -> {
          try {
            return Stream.concat(
                    catalog.tables().listTables(namespace).stream()
                        .map(id -> new TableListing(id.name(), TableKind.TABLE)),
                    catalog.views().listViews(namespace).stream()
                        .map(id -> new TableListing(id.name(), TableKind.VIEW)))
                .sorted(Comparator.comparing(TableListing::name))
                .toList();
          } catch (NoSuchNamespaceException e) {
            return List.of();
          }
        });
  }

  void create(String schema) {
    Names.checkSchema(schema);
    Namespace namespace = Namespace.of(schema);
    IcebergErrors.translating(
        schema,
        () -> {
          if (catalog.namespaces().namespaceExists(namespace)) {
            throw new KeldaException(
                ErrorCode.SCHEMA_EXISTS, "schema \"" + schema + "\" already exists");
          }
          catalog.namespaces().createNamespace(namespace);
        });
  }

  /** An empty one, but for the default. */
  void drop(String schema) {
    IcebergErrors.translating(
        schema, () -> catalog.namespaces().dropNamespace(Namespace.of(schema)));
    EmptyFolders.delete(catalog.locations().schemaLocation(schema), catalog.locations());
  }

  /**
   * @throws KeldaException SCHEMA_NOT_FOUND, INVALID_STATEMENT for the default, SCHEMA_NOT_EMPTY
   */
  void checkDrop(String schema, List<TableListing> contents, boolean cascade) {
    catalog.requireSchema(schema);
    if (schema.equals(DEFAULT)) {
      throw new KeldaException(
          ErrorCode.INVALID_STATEMENT, "schema \"main\" is the default schema and stays");
    }
    if (!contents.isEmpty() && !cascade) {
      throw new KeldaException(
          ErrorCode.SCHEMA_NOT_EMPTY,
          "schema \"" + schema + "\" has " + contents.size() + " tables; use CASCADE to drop them");
    }
  }
}
