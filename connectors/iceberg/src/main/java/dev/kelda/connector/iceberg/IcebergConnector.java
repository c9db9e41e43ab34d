package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.AlterableConnector;
import dev.kelda.spi.connector.Procedure;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableChange;
import dev.kelda.spi.connector.TableDefinition;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.connector.TableListing;
import dev.kelda.spi.connector.TableWrite;
import dev.kelda.spi.connector.TimeTravelConnector;
import dev.kelda.spi.connector.View;
import dev.kelda.spi.connector.ViewConnector;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One Iceberg catalog: single-level namespaces are its schemas. */
final class IcebergConnector implements AlterableConnector, ViewConnector, TimeTravelConnector {
  private final IcebergCatalog catalog;
  private final SchemaDefinitions schemas;
  private final TableLoader loader;
  private final TableDefinitions tables;
  private final TableWrites writes;
  private final ViewDefinitions views;

  IcebergConnector(IcebergCatalog catalog) {
    this.catalog = catalog;
    this.schemas = new SchemaDefinitions(catalog);
    this.loader = new TableLoader(catalog);
    this.tables = new TableDefinitions(catalog);
    this.writes = new TableWrites(catalog, tables);
    this.views = new ViewDefinitions(catalog);
  }

  @Override
  public List<String> schemas() {
    return schemas.all();
  }

  @Override
  public List<TableListing> tables(String schema) {
    return schemas.contents(schema);
  }

  @Override
  public Optional<Table> table(String schema, String name) {
    return loader.load(schema, name);
  }

  @Override
  public Optional<Table> tableAsOf(String schema, String name, Moment moment) {
    return loader.asOf(schema, name, moment);
  }

  @Override
  public void createSchema(String schema) {
    schemas.create(schema);
  }

  @Override
  public void dropSchema(String schema, boolean cascade) {
    List<TableListing> contents = tables(schema);
    schemas.checkDrop(schema, contents, cascade);
    for (TableListing table : contents) {
      if (table.kind() == TableKind.VIEW) {
        dropView(schema, table.name());
      } else {
        dropTable(schema, table.name());
      }
    }
    schemas.drop(schema);
  }

  @Override
  public void createTable(String schema, String name, TableDefinition definition) {
    tables.create(schema, name, definition);
  }

  @Override
  public void alterTable(String schema, String name, List<TableChange> changes) {
    tables.alter(schema, name, changes);
  }

  @Override
  public void renameTable(String schema, String name, String newSchema, String newName) {
    tables.rename(schema, name, newSchema, newName);
  }

  @Override
  public void dropTable(String schema, String name) {
    tables.drop(schema, name);
    loader.forget(IcebergCatalog.identifier(schema, name));
  }

  @Override
  public TableWrite insert(String schema, String name, Map<String, String> summary) {
    return writes.append(schema, name, summary);
  }

  @Override
  public TableWrite insertIntoBranch(String schema, String name, String branch) {
    return writes.appendToBranch(schema, name, branch);
  }

  @Override
  public TableWrite overwrite(String schema, String name, Table read, Map<String, String> summary) {
    return writes.overwrite(schema, name, read, summary);
  }

  @Override
  public void truncate(String schema, String name) {
    writes.truncate(schema, name);
  }

  @Override
  public TableWrite createTableAs(
      String schema, String name, TableDefinition definition, boolean replace) {
    return writes.create(schema, name, definition, replace);
  }

  @Override
  public void createView(String schema, String name, View.Definition definition, boolean replace) {
    views.create(schema, name, definition, replace);
  }

  @Override
  public void dropView(String schema, String name) {
    views.drop(schema, name);
  }

  @Override
  public void renameView(String schema, String name, String newSchema, String newName) {
    views.rename(schema, name, newSchema, newName);
  }

  @Override
  public void commentOnView(String schema, String name, Optional<String> comment) {
    views.comment(schema, name, comment);
  }

  @Override
  public List<TableFunction> tableFunctions() {
    return List.of(new TableByPath(catalog.metadata(), catalog.locations()));
  }

  @Override
  public List<Procedure> procedures() {
    return Procedures.of(new CatalogMaintenance(catalog));
  }

  @Override
  public void close() {
    try {
      catalog.connection().close();
    } catch (IOException e) {
      throw new KeldaException(
          ErrorCode.CATALOG_ERROR, "closing catalog " + catalog.name() + ": " + e.getMessage(), e);
    }
  }
}
