package dev.kelda.planner.catalog;

import static java.util.Objects.requireNonNull;

import dev.kelda.planner.SessionContext;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.connector.TableListing;
import dev.kelda.spi.connector.TimeTravelConnector;
import dev.kelda.spi.connector.View;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.TextPosition;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The tables of one statement: every name is loaded at most once, so that a statement sees one
 * version of each table. For one thread.
 *
 * <p>A name of one part is a table of the session's schema; {@code a.b} is table b of schema a of
 * the session's catalog, else of catalog a's schema {@code main} or its only one; three parts stand
 * as they are. {@code information_schema} is found in every catalog.
 */
public final class CatalogSnapshot {
  private static final String INFORMATION_SCHEMA = "information_schema";
  private static final String SYSTEM = "system";
  private static final String MAIN = "main";

  /** The catalog of what is in no catalog: functions' results and what plans depend on. */
  public static final String NO_CATALOG = "";

  private final Catalogs catalogs;
  private final SessionContext session;
  private final Map<List<String>, Optional<TableReference>> tables;
  private final Map<String, List<String>> schemas;
  private final Map<List<String>, List<String>> listings;
  private final Map<String, TableReference> synthetic;
  private final List<TableReference> resolved;
  private final boolean whole;
  private final Map<List<String>, Table> instead;

  private CatalogSnapshot(
      Catalogs catalogs,
      SessionContext session,
      Map<List<String>, Optional<TableReference>> tables,
      Map<String, List<String>> schemas,
      Map<List<String>, List<String>> listings,
      Map<String, TableReference> synthetic,
      List<TableReference> resolved,
      boolean whole,
      Map<List<String>, Table> instead) {
    this.catalogs = requireNonNull(catalogs, "catalogs is null");
    this.session = requireNonNull(session, "session is null");
    this.tables = tables;
    this.schemas = schemas;
    this.listings = listings;
    this.synthetic = synthetic;
    this.resolved = resolved;
    this.whole = whole;
    this.instead = instead;
  }

  public static CatalogSnapshot of(Catalogs catalogs, SessionContext session) {
    return of(catalogs, session, false, Map.of());
  }

  /**
   * As {@link #of}, but some names mean other tables.
   *
   * @param instead by catalog, schema and name, as their catalogs spell them
   */
  public static CatalogSnapshot of(
      Catalogs catalogs, SessionContext session, Map<List<String>, Table> instead) {
    return of(catalogs, session, false, Map.copyOf(instead));
  }

  /** As {@link #of}, but a view that is a part of something else is a table, not its query. */
  public static CatalogSnapshot ofWholes(Catalogs catalogs, SessionContext session) {
    return of(catalogs, session, true, Map.of());
  }

  private static CatalogSnapshot of(
      Catalogs catalogs, SessionContext session, boolean whole, Map<List<String>, Table> instead) {
    return new CatalogSnapshot(
        catalogs,
        session,
        new HashMap<>(),
        new HashMap<>(),
        new HashMap<>(),
        new HashMap<>(),
        new ArrayList<>(),
        whole,
        instead);
  }

  /** The same tables, with names looked up from another place. */
  public CatalogSnapshot in(SessionContext place) {
    return new CatalogSnapshot(
        catalogs, place, tables, schemas, listings, synthetic, resolved, whole, instead);
  }

  /** The table as it was at a moment; empty when its catalog keeps no past. */
  public Optional<Table> tableAsOf(TableReference table, TimeTravelConnector.Moment moment) {
    return catalog(table.catalog(), Optional.empty()).connector()
            instanceof TimeTravelConnector connector
        ? connector.tableAsOf(table.schema(), table.name(), moment)
        : Optional.empty();
  }

  public Catalogs catalogs() {
    return catalogs;
  }

  public SessionContext session() {
    return session;
  }

  /** Every table resolved so far, synthetic ones included, in order of first use. */
  public List<TableReference> resolved() {
    return List.copyOf(resolved);
  }

  /**
   * @throws KeldaException CATALOG_NOT_FOUND, SCHEMA_NOT_FOUND or TABLE_NOT_FOUND with the nearest
   *     name
   */
  public TableReference table(List<String> parts, Optional<TextPosition> position) {
    return find(parts).orElseThrow(() -> missing(parts, position));
  }

  /** Empty when there is no such table, schema or catalog. */
  public Optional<TableReference> find(List<String> parts) {
    return locate(parts).flatMap(at -> load(at.catalog(), at.schema(), at.name()));
  }

  /** The schema that a name of one or two parts means; it need not exist. */
  public SchemaReference schema(List<String> parts, Optional<TextPosition> position) {
    if (parts.isEmpty() || parts.size() > 2) {
      throw new KeldaException(
          ErrorCode.SCHEMA_NOT_FOUND,
          "a schema's name has one or two parts: " + String.join(".", parts),
          position,
          null);
    }
    Catalogs.Entry catalog =
        catalog(parts.size() == 2 ? parts.getFirst() : session.catalog(), position);
    Optional<String> name = Names.match(parts.getLast(), schemaNames(catalog));
    return new SchemaReference(catalog, name.orElse(parts.getLast()), name.isPresent());
  }

  /** The schema and name of a table to be created. */
  public Target target(List<String> parts, Optional<TextPosition> position) {
    return switch (parts.size()) {
      case 1 ->
          new Target(schema(List.of(session.catalog(), session.schema()), position), parts.get(0));
      case 2 -> {
        SchemaReference own = schema(List.of(session.catalog(), parts.get(0)), position);
        Optional<Catalogs.Entry> other =
            own.exists() ? Optional.empty() : catalogs.find(parts.get(0));
        yield new Target(
            other.isEmpty()
                ? own
                : schema(List.of(parts.get(0), onlySchema(other.get())), position),
            parts.get(1));
      }
      case 3 -> new Target(schema(parts.subList(0, 2), position), parts.get(2));
      default ->
          throw new KeldaException(
              ErrorCode.TABLE_NOT_FOUND,
              "a table's name has one to three parts: " + String.join(".", parts),
              position,
              null);
    };
  }

  /** Where a new table goes. */
  public record Target(SchemaReference schema, String name) {}

  /**
   * @throws KeldaException CATALOG_NOT_FOUND with the nearest name
   */
  public Catalogs.Entry catalog(String name, Optional<TextPosition> position) {
    return catalogs
        .find(name)
        .orElseThrow(
            () ->
                new KeldaException(
                    ErrorCode.CATALOG_NOT_FOUND,
                    "there is no catalog \""
                        + name
                        + "\""
                        + Names.suggestion(name, catalogs.names()),
                    position,
                    null));
  }

  public List<String> schemaNames(Catalogs.Entry catalog) {
    return schemas.computeIfAbsent(catalog.name(), ignored -> catalog.connector().schemas());
  }

  public List<String> tableNames(Catalogs.Entry catalog, String schema) {
    return listings.computeIfAbsent(
        List.of(catalog.name(), schema),
        ignored -> catalog.connector().tables(schema).stream().map(TableListing::name).toList());
  }

  /** Adds a table that has no name of its own, such as the result of a table function. */
  public TableReference addSynthetic(
      String key, String catalog, String label, Supplier<Optional<Table>> loader) {
    return synthetic(key)
        .orElseGet(() -> addSynthetic(key, catalog, label, loader.get().orElseThrow(), loader));
  }

  /**
   * @param table what the loader would give now
   */
  public TableReference addSynthetic(
      String key, String catalog, String label, Table table, Supplier<Optional<Table>> loader) {
    TableReference reference = new TableReference(catalog, MAIN, label, table, loader);
    synthetic.put(key, reference);
    resolved.add(reference);
    return reference;
  }

  /**
   * The plan holds only as long as this version stays as it is.
   *
   * @param what for messages: {@code model delay}
   */
  public void depend(String what, Supplier<String> version) {
    addSynthetic(
        "depends on " + what, NO_CATALOG, what, () -> Optional.of(new VersionTable(version.get())));
  }

  /** What a table was added under that has no name of its own; empty for tables with names. */
  public Optional<String> syntheticKey(TableReference table) {
    return synthetic.entrySet().stream()
        .filter(entry -> entry.getValue() == table)
        .map(Map.Entry::getKey)
        .findFirst();
  }

  public Optional<TableReference> synthetic(String key) {
    return Optional.ofNullable(synthetic.get(key));
  }

  /**
   * A table function of any catalog, with the catalog's name, or of a module; the session's catalog
   * wins.
   */
  public Optional<Map.Entry<String, TableFunction>> tableFunction(String name) {
    String wanted = name.toUpperCase(Locale.ROOT);
    List<Catalogs.Entry> order = new ArrayList<>();
    catalogs.find(session.catalog()).ifPresent(order::add);
    order.addAll(catalogs.entries());
    for (Catalogs.Entry entry : order) {
      for (TableFunction function : entry.connector().tableFunctions()) {
        if (function.name().equals(wanted)) {
          return Optional.of(Map.entry(entry.name(), function));
        }
      }
    }
    return catalogs.functions().inFrom().stream()
        .filter(function -> function.name().equals(wanted))
        .findFirst()
        .map(function -> Map.entry(NO_CATALOG, function));
  }

  public Collection<String> tableFunctionNames() {
    return Stream.concat(
            catalogs.entries().stream().flatMap(e -> e.connector().tableFunctions().stream()),
            catalogs.functions().inFrom().stream())
        .map(TableFunction::name)
        .toList();
  }

  private record Location(Catalogs.Entry catalog, String schema, String name) {}

  private Optional<Location> locate(List<String> parts) {
    return switch (parts.size()) {
      case 1 -> at(session.catalog(), session.schema(), parts.get(0));
      case 2 -> {
        Optional<Location> own = at(session.catalog(), parts.get(0), parts.get(1));
        yield own.isPresent()
            ? own
            : catalogs.find(parts.get(0)).flatMap(c -> at(c.name(), onlySchema(c), parts.get(1)));
      }
      case 3 -> at(parts.get(0), parts.get(1), parts.get(2));
      default -> Optional.empty();
    };
  }

  private Optional<Location> at(String catalog, String schema, String name) {
    return catalogs
        .find(catalog)
        .flatMap(
            entry ->
                Names.match(schema, schemaNames(entry))
                    .map(s -> new Location(entry, s, name))
                    .or(
                        () ->
                            schema.equalsIgnoreCase(INFORMATION_SCHEMA)
                                ? catalogs
                                    .find(SYSTEM)
                                    .map(s -> new Location(s, INFORMATION_SCHEMA, name))
                                : Optional.empty()));
  }

  /** The schema that {@code catalog.table} means: its only one, else {@code main}. */
  String mainSchema(Catalogs.Entry catalog) {
    return onlySchema(catalog);
  }

  /** A schema of a catalog as the catalog spells it. */
  Optional<String> findSchema(Catalogs.Entry catalog, String name) {
    return at(catalog.name(), name, "").map(Location::schema);
  }

  private String onlySchema(Catalogs.Entry catalog) {
    List<String> names = schemaNames(catalog);
    return names.size() == 1 ? names.getFirst() : MAIN;
  }

  private Optional<TableReference> load(Catalogs.Entry catalog, String schema, String name) {
    List<String> key = List.of(catalog.name(), schema, name);
    Optional<TableReference> known = tables.get(key);
    if (known != null) {
      return known;
    }
    Optional<TableReference> found = open(catalog, schema, name);
    if (found.isEmpty()) {
      found =
          Names.match(name, tableNames(catalog, schema))
              .filter(n -> !n.equals(name))
              .flatMap(n -> load(catalog, schema, n));
    } else {
      resolved.add(found.get());
    }
    tables.put(key, found);
    return found;
  }

  private Optional<TableReference> open(Catalogs.Entry catalog, String schema, String name) {
    Optional<Table> other = Optional.ofNullable(instead.get(List.of(catalog.name(), schema, name)));
    Supplier<Optional<Table>> loader =
        () -> other.isPresent() ? other : catalogs.table(catalog, schema, name);
    return loader
        .get()
        .map(t -> whole && t instanceof View view && t.partOf().isPresent() ? new Whole(view) : t)
        .map(t -> new TableReference(catalog.name(), schema, name, t, loader));
  }

  private KeldaException missing(List<String> parts, Optional<TextPosition> position) {
    String name = String.join(".", parts);
    Optional<Location> at = locate(parts);
    if (at.isEmpty() && parts.size() > 1) {
      String first = parts.getFirst();
      if (parts.size() == 3 && catalogs.find(first).isEmpty()) {
        return error(
            ErrorCode.CATALOG_NOT_FOUND,
            "there is no table \"%s\": no catalog \"%s\"%s"
                .formatted(name, first, Names.suggestion(first, catalogs.names())),
            position);
      }
      String schema = parts.get(parts.size() - 2);
      Catalogs.Entry catalog = catalog(parts.size() == 3 ? first : session.catalog(), position);
      List<String> near = new ArrayList<>(schemaNames(catalog));
      near.addAll(parts.size() == 2 ? catalogs.names() : List.of());
      return error(
          parts.size() == 3 ? ErrorCode.SCHEMA_NOT_FOUND : ErrorCode.TABLE_NOT_FOUND,
          "there is no table \"%s\": no schema \"%s\"%s"
              .formatted(name, schema, Names.suggestion(schema, near)),
          position);
    }
    String hint =
        at.map(a -> Names.suggestion(a.name(), tableNames(a.catalog(), a.schema()))).orElse("");
    return error(ErrorCode.TABLE_NOT_FOUND, "there is no table \"" + name + "\"" + hint, position);
  }

  private static KeldaException error(
      ErrorCode code, String message, Optional<TextPosition> position) {
    return new KeldaException(code, message, position, null);
  }
}
