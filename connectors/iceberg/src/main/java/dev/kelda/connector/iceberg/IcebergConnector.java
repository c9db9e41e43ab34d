package dev.kelda.connector.iceberg;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.iceberg.BaseTable;
import org.apache.iceberg.CatalogProperties;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotRef;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableMetadataParser;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.Transaction;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.exceptions.NoSuchNamespaceException;
import org.apache.iceberg.exceptions.NoSuchTableException;
import org.apache.iceberg.exceptions.NotFoundException;
import org.apache.iceberg.jdbc.JdbcCatalog;
import org.apache.iceberg.util.SnapshotUtil;
import org.apache.iceberg.view.UpdateViewProperties;
import org.apache.iceberg.view.ViewBuilder;

/** One Iceberg catalog: single-level namespaces are its schemas. */
final class IcebergConnector implements AlterableConnector, ViewConnector, TimeTravelConnector {
  static final String DEFAULT_SCHEMA = "main";
  private static final int KEPT_TABLES = 500;

  private final String name;
  private final JdbcCatalog catalog;
  private final TablePointers pointers;
  private final Locations locations;
  private final WarehouseIO io;
  private final Cache<TableIdentifier, Loaded> loaded =
      Caffeine.newBuilder().maximumSize(KEPT_TABLES).build();

  private record Loaded(String metadataLocation, Table table) {}

  private IcebergConnector(
      String name,
      JdbcCatalog catalog,
      TablePointers pointers,
      Locations locations,
      WarehouseIO io) {
    this.name = name;
    this.catalog = catalog;
    this.pointers = pointers;
    this.locations = locations;
    this.io = io;
  }

  /** Opens a catalog kept in a database over JDBC; creates its tables and schema main if absent. */
  static IcebergConnector open(
      String name,
      String uri,
      Locations locations,
      Map<String, Map<String, String>> storage,
      Map<String, String> settings) {
    Map<String, String> properties = new HashMap<>();
    properties.put(CatalogProperties.URI, uri);
    properties.put(CatalogProperties.WAREHOUSE_LOCATION, locations.warehouse());
    properties.put(CatalogProperties.CLIENT_POOL_SIZE, "4");
    properties.put(CatalogProperties.IO_MANIFEST_CACHE_ENABLED, "true");
    properties.put("jdbc.schema-version", "V1");
    Properties connection = new Properties();
    if (uri.startsWith("jdbc:sqlite:")) {
      createParent(uri);
      connection.put("journal_mode", "WAL");
      connection.put("busy_timeout", "30000");
    }
    Optional.ofNullable(settings.get("user")).ifPresent(v -> connection.put("user", v));
    Optional.ofNullable(settings.get("password")).ifPresent(v -> connection.put("password", v));
    connection.forEach((key, value) -> properties.put("jdbc." + key, value.toString()));
    JdbcCatalog catalog =
        new JdbcCatalog(io -> new WarehouseIO(locations, storage, io), null, true);
    IcebergErrors.translating(
        "catalog " + name,
        () -> {
          catalog.initialize(name, properties);
          if (!catalog.namespaceExists(Namespace.of(DEFAULT_SCHEMA))) {
            catalog.createNamespace(Namespace.of(DEFAULT_SCHEMA), Map.of());
          }
        });
    return new IcebergConnector(
        name,
        catalog,
        new TablePointers(name, uri, connection),
        locations,
        new WarehouseIO(locations, storage, Map.of()));
  }

  private static void createParent(String uri) {
    Path file = Path.of(uri.substring("jdbc:sqlite:".length()).replaceFirst("^file:", ""));
    try {
      Files.createDirectories(file.getParent());
    } catch (IOException e) {
      throw new KeldaException(
          ErrorCode.CATALOG_ERROR,
          "cannot create the folder of " + file + ": " + e.getMessage(),
          e);
    }
  }

  @Override
  public List<String> schemas() {
    return IcebergErrors.translating(
        "the schemas",
        () ->
            catalog.listNamespaces().stream()
                .filter(namespace -> namespace.length() == 1)
                .map(namespace -> namespace.level(0))
                .sorted()
                .toList());
  }

  @Override
  public List<TableListing> tables(String schema) {
    return IcebergErrors.translating(
        schema,
        () -> {
          try {
            Namespace namespace = Namespace.of(schema);
            return Stream.concat(
                    catalog.listTables(namespace).stream()
                        .map(id -> new TableListing(id.name(), TableKind.TABLE)),
                    catalog.listViews(namespace).stream()
                        .map(id -> new TableListing(id.name(), TableKind.VIEW)))
                .sorted(Comparator.comparing(TableListing::name))
                .toList();
          } catch (NoSuchNamespaceException e) {
            return List.of();
          }
        });
  }

  @Override
  public Optional<Table> table(String schema, String name) {
    Optional<Table> exact = load(schema, name);
    if (exact.isPresent()) {
      return exact;
    }
    return MetadataTable.split(name)
        .flatMap(
            split ->
                loadTable(schema, split.table())
                    .map(base -> MetadataTable.of(schema + "." + name, base, split.type())));
  }

  private Optional<IcebergTable> loadTable(String schema, String name) {
    return load(schema, name).filter(IcebergTable.class::isInstance).map(IcebergTable.class::cast);
  }

  private Optional<Table> load(String schema, String name) {
    String full = schema + "." + name;
    return IcebergErrors.translating(
        full,
        () -> {
          Optional<TablePointers.Pointer> pointer = pointers.find(schema, name);
          if (pointer.isEmpty()) {
            return Optional.empty();
          }
          TableIdentifier id = identifier(schema, name);
          Loaded known = loaded.getIfPresent(id);
          if (known != null && known.metadataLocation().equals(pointer.get().location())) {
            return Optional.of(known.table());
          }
          Optional<Loaded> fresh =
              pointer.get().view()
                  ? Optional.of(loadView(id, full, pointer.get().location()))
                  : loadFresh(id, full);
          fresh.ifPresent(table -> loaded.put(id, table));
          return fresh.map(Loaded::table);
        });
  }

  private Loaded loadView(TableIdentifier id, String full, String location) {
    String schema = id.namespace().level(0);
    return new Loaded(location, IcebergView.of(full, catalog.loadView(id), name, schema));
  }

  private Optional<Loaded> loadFresh(TableIdentifier id, String full) {
    try {
      BaseTable table = (BaseTable) catalog.loadTable(id);
      String location = table.operations().current().metadataFileLocation();
      Optional<Snapshot> snapshot = Optional.ofNullable(table.currentSnapshot());
      return Optional.of(
          new Loaded(
              location,
              new IcebergTable(
                  full,
                  table,
                  snapshot,
                  table.schema(),
                  location,
                  locations,
                  reload(id.namespace().level(0), id.name()))));
    } catch (NoSuchTableException e) {
      return Optional.empty();
    }
  }

  @Override
  public Optional<Table> tableAsOf(String schema, String name, Moment moment) {
    return loadTable(schema, name)
        .map(
            table ->
                IcebergErrors.translating(
                    schema + "." + name,
                    () ->
                        asOf(schema + "." + name, table.iceberg(), moment, reload(schema, name))));
  }

  private Table asOf(
      String full, org.apache.iceberg.Table table, Moment moment, Publication.Reload reload) {
    Optional<Snapshot> snapshot =
        switch (moment) {
          case Moment.At at -> {
            Long id = SnapshotUtil.nullableSnapshotIdAsOfTime(table, at.instant().toEpochMilli());
            yield Optional.ofNullable(id).map(table::snapshot);
          }
          case Moment.Snapshot version -> Optional.ofNullable(table.snapshot(version.id()));
          case Moment.Ref ref -> {
            SnapshotRef named = table.refs().get(ref.name());
            yield Optional.ofNullable(named).map(r -> table.snapshot(r.snapshotId()));
          }
        };
    if (snapshot.isEmpty()) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT, "table " + full + " has no " + text(moment));
    }
    // A branch is read with the table's schema, as it can be written to with it.
    boolean branch = moment instanceof Moment.Ref ref && table.refs().get(ref.name()).isBranch();
    org.apache.iceberg.Schema schema =
        branch ? table.schema() : SnapshotUtil.schemaFor(table, snapshot.get().snapshotId());
    String location = ((BaseTable) table).operations().current().metadataFileLocation();
    return new IcebergTable(full, table, snapshot, schema, location + "@", locations, reload);
  }

  private static String text(Moment moment) {
    return switch (moment) {
      case Moment.At at -> "snapshot at " + at.instant() + " or before";
      case Moment.Snapshot snapshot -> "snapshot " + snapshot.id();
      case Moment.Ref ref -> "tag or branch \"" + ref.name() + "\"";
    };
  }

  @Override
  public void createSchema(String schema) {
    checkName("schema", schema);
    Namespace namespace = Namespace.of(schema);
    if (catalog.namespaceExists(namespace)) {
      throw new KeldaException(ErrorCode.SCHEMA_EXISTS, "schema \"" + schema + "\" already exists");
    }
    IcebergErrors.translating(schema, () -> catalog.createNamespace(namespace, Map.of()));
  }

  @Override
  public void dropSchema(String schema, boolean cascade) {
    requireSchema(schema);
    if (schema.equals(DEFAULT_SCHEMA)) {
      throw new KeldaException(
          ErrorCode.INVALID_STATEMENT, "schema \"main\" is the default schema and stays");
    }
    List<TableListing> tables = tables(schema);
    if (!tables.isEmpty() && !cascade) {
      throw new KeldaException(
          ErrorCode.SCHEMA_NOT_EMPTY,
          "schema \"" + schema + "\" has " + tables.size() + " tables; use CASCADE to drop them");
    }
    for (TableListing table : tables) {
      if (table.kind() == TableKind.VIEW) {
        dropView(schema, table.name());
      } else {
        dropTable(schema, table.name());
      }
    }
    IcebergErrors.translating(schema, () -> catalog.dropNamespace(Namespace.of(schema)));
    EmptyFolders.delete(locations.schemaLocation(schema), locations);
  }

  @Override
  public void createTable(String schema, String name, TableDefinition definition) {
    IcebergErrors.translating(
        schema + "." + name,
        () -> builder(schema, name, definition, freeLocation(schema, name)).create());
  }

  @Override
  public void dropTable(String schema, String name) {
    TableIdentifier id = identifier(schema, name);
    String full = schema + "." + name;
    IcebergErrors.translating(full, () -> drop(id, full));
    loaded.invalidate(id);
  }

  private void drop(TableIdentifier id, String full) {
    Optional<String> location = Optional.empty();
    boolean dropped;
    try {
      location = Optional.of(catalog.loadTable(id).location());
      dropped = catalog.dropTable(id, true);
    } catch (NotFoundException metadataIsGone) {
      dropped = catalog.dropTable(id, false);
    }
    if (!dropped) {
      throw new KeldaException(ErrorCode.TABLE_NOT_FOUND, "no table " + full);
    }
    location.ifPresent(folder -> EmptyFolders.delete(folder, locations));
  }

  @Override
  public TableWrite insert(String schema, String name, Map<String, String> summary) {
    String full = schema + "." + name;
    return IcebergErrors.translating(
        full,
        () -> {
          org.apache.iceberg.Table table = catalog.loadTable(identifier(schema, name));
          locations.checkTable(table.location(), table.properties());
          return new IcebergWrite(
              full, table, new Publication.Append(table, reload(schema, name), summary));
        });
  }

  @Override
  public TableWrite overwrite(String schema, String name, Table read) {
    String full = schema + "." + name;
    return IcebergErrors.translating(
        full,
        () -> {
          org.apache.iceberg.Table table = catalog.loadTable(identifier(schema, name));
          locations.checkTable(table.location(), table.properties());
          Optional<Long> snapshot =
              read instanceof IcebergTable known ? known.snapshotId() : Optional.empty();
          return new IcebergWrite(
              full, table, new Publication.Overwrite(reload(schema, name), snapshot));
        });
  }

  @Override
  public void truncate(String schema, String name) {
    String full = schema + "." + name;
    IcebergErrors.translating(
        full,
        () -> {
          org.apache.iceberg.Table table = catalog.loadTable(identifier(schema, name));
          locations.checkTable(table.location(), table.properties());
        });
    new CommitGuard(
            full,
            new Publication.Truncate(reload(schema, name)),
            UUID.randomUUID().toString(),
            CommitGuard.LOOKUP)
        .commit(List.of());
  }

  @Override
  public TableWrite createTableAs(
      String schema, String name, TableDefinition definition, boolean replace) {
    String full = schema + "." + name;
    return IcebergErrors.translating(
        full,
        () -> {
          boolean exists = pointers.find(schema, name).isPresent();
          String folder =
              exists ? locations.tableLocation(schema, name) : freeLocation(schema, name);
          Catalog.TableBuilder builder = builder(schema, name, definition, folder);
          if (!replace && exists) {
            throw new KeldaException(ErrorCode.TABLE_EXISTS, full + " already exists");
          }
          Transaction transaction =
              replace ? builder.createOrReplaceTransaction() : builder.createTransaction();
          return new IcebergWrite(
              full, transaction.table(), new Publication.Create(transaction, reload(schema, name)));
        });
  }

  @Override
  public void alterTable(String schema, String name, List<TableChange> changes) {
    String full = schema + "." + name;
    IcebergErrors.translating(
        full,
        () -> {
          org.apache.iceberg.Table table = catalog.loadTable(identifier(schema, name));
          locations.checkTable(table.location(), table.properties());
          Transaction transaction = table.newTransaction();
          TableChanges definition = new TableChanges(table, transaction, locations);
          changes.forEach(definition::apply);
          transaction.commitTransaction();
        });
  }

  @Override
  public void renameTable(String schema, String name, String newSchema, String newName) {
    checkName("table", newName);
    IcebergErrors.translating(
        schema + "." + name,
        () -> catalog.renameTable(identifier(schema, name), identifier(newSchema, newName)));
  }

  @Override
  public void createView(String schema, String name, View.Definition definition, boolean replace) {
    requireSchema(schema);
    checkName("view", name);
    IcebergErrors.translating(
        schema + "." + name,
        () -> {
          ViewBuilder builder =
              IcebergView.build(catalog.buildView(identifier(schema, name)), definition)
                  .withLocation(
                      replace ? locations.tableLocation(schema, name) : freeLocation(schema, name));
          if (replace) {
            builder.createOrReplace();
          } else {
            builder.create();
          }
        });
  }

  @Override
  public void dropView(String schema, String name) {
    String full = schema + "." + name;
    IcebergErrors.translating(
        full,
        () -> {
          if (!catalog.dropView(identifier(schema, name))) {
            throw new KeldaException(ErrorCode.TABLE_NOT_FOUND, "no view " + full);
          }
        });
  }

  @Override
  public void renameView(String schema, String name, String newSchema, String newName) {
    checkName("view", newName);
    IcebergErrors.translating(
        schema + "." + name,
        () -> catalog.renameView(identifier(schema, name), identifier(newSchema, newName)));
  }

  @Override
  public void commentOnView(String schema, String name, Optional<String> comment) {
    IcebergErrors.translating(
        schema + "." + name,
        () -> {
          UpdateViewProperties update =
              catalog.loadView(identifier(schema, name)).updateProperties();
          comment.ifPresentOrElse(
              text -> update.set(TableChanges.COMMENT, text),
              () -> update.remove(TableChanges.COMMENT));
          update.commit();
        });
  }

  private Publication.Reload reload(String schema, String name) {
    return () -> {
      try {
        return Optional.of(catalog.loadTable(identifier(schema, name)));
      } catch (NoSuchTableException e) {
        return Optional.empty();
      }
    };
  }

  /** A new table's folder: another one when a table that was renamed still lives in its own. */
  private String freeLocation(String schema, String name) {
    String location = locations.tableLocation(schema, name);
    boolean free = !io.listPrefix(location + "/metadata/").iterator().hasNext();
    return free ? location : location + "-" + UUID.randomUUID().toString().substring(0, 8);
  }

  private Catalog.TableBuilder builder(
      String schema, String name, TableDefinition definition, String folder) {
    requireSchema(schema);
    checkName("table", name);
    Map<String, String> properties = new HashMap<>(definition.properties());
    String location = Optional.ofNullable(properties.remove("location")).orElse("");
    if (location.isEmpty()) {
      location = folder;
    }
    boolean version3 = needsVersion3(definition);
    properties.putIfAbsent(TableProperties.FORMAT_VERSION, version3 ? "3" : "2");
    checkVersion(properties.get(TableProperties.FORMAT_VERSION), version3);
    locations.checkTable(location, properties);
    org.apache.iceberg.Schema columns =
        IcebergTypes.toIceberg(definition.columns(), definition.defaults());
    return catalog
        .buildTable(identifier(schema, name), columns)
        .withPartitionSpec(Layouts.spec(columns, definition.partitioning()))
        .withSortOrder(Layouts.sortOrder(columns, definition.sortOrder()))
        .withLocation(location)
        .withProperties(properties);
  }

  private static void checkVersion(String version, boolean needs3) {
    if (!version.equals("3") && (needs3 || !version.equals("2"))) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          TableProperties.FORMAT_VERSION
              + " = "
              + version
              + (needs3 ? ": DEFAULT and TIMESTAMP(9) need version 3" : ": use 2 or 3"));
    }
  }

  private static boolean needsVersion3(TableDefinition definition) {
    return !definition.defaults().isEmpty()
        || definition.columns().getFields().stream().anyMatch(IcebergTypes::needsVersion3);
  }

  private void requireSchema(String schema) {
    boolean exists =
        IcebergErrors.translating(schema, () -> catalog.namespaceExists(Namespace.of(schema)));
    if (!exists) {
      throw new KeldaException(ErrorCode.SCHEMA_NOT_FOUND, "no schema \"" + schema + "\"");
    }
  }

  // Names become folders and, with dots between levels, keys of the catalog database.
  private static void checkName(String what, String name) {
    boolean odd = name.chars().anyMatch(c -> c < ' ' || c == '/' || c == '\\');
    boolean dots = what.equals("schema") ? name.contains(".") : name.matches("\\.{1,2}");
    if (name.isBlank() || name.length() > 255 || odd || dots || name.contains("$")) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT, "\"" + name + "\" cannot be the name of a " + what);
    }
  }

  private static TableIdentifier identifier(String schema, String name) {
    return TableIdentifier.of(Namespace.of(schema), name);
  }

  @Override
  public List<TableFunction> tableFunctions() {
    return List.of(new TableByPath(io, locations));
  }

  @Override
  public List<Procedure> procedures() {
    return Procedures.of(new Tables());
  }

  private final class Tables implements Maintained {
    @Override
    public org.apache.iceberg.Table load(Procedure.TableName name) {
      return catalog.loadTable(identifier(name.schema(), name.name()));
    }

    @Override
    public org.apache.iceberg.Table register(Procedure.TableName table, String metadataFile) {
      requireSchema(table.schema());
      checkName("table", table.name());
      locations.requireReadable(metadataFile);
      TableMetadata metadata = TableMetadataParser.read(io, metadataFile);
      locations.checkTable(metadata.location(), metadata.properties());
      String file = Locations.url(metadataFile);
      if (!file.startsWith(Locations.url(metadata.location()) + "/")) {
        throw new KeldaException(
            ErrorCode.ACCESS_DENIED,
            "'" + file + "' is outside the location of its table, " + metadata.location());
      }
      return catalog.registerTable(identifier(table.schema(), table.name()), metadataFile);
    }

    @Override
    public List<String> tableLocations() {
      return catalog.listNamespaces().stream()
          .flatMap(namespace -> catalog.listTables(namespace).stream())
          .map(id -> catalog.loadTable(id).location())
          .toList();
    }

    @Override
    public Locations locations() {
      return locations;
    }
  }

  @Override
  public void close() {
    pointers.close();
    catalog.close();
  }
}
