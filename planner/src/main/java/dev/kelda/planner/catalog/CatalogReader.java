package dev.kelda.planner.catalog;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.calcite.config.CalciteConnectionConfigImpl;
import org.apache.calcite.config.CalciteConnectionProperty;
import org.apache.calcite.jdbc.CalciteSchema;
import org.apache.calcite.prepare.CalciteCatalogReader;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.schema.Schema;
import org.apache.calcite.schema.Table;
import org.apache.calcite.schema.impl.AbstractSchema;
import org.apache.calcite.schema.lookup.LikePattern;
import org.apache.calcite.schema.lookup.Lookup;
import org.apache.calcite.schema.lookup.Named;
import org.apache.calcite.sql.SqlFunctionCategory;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.SqlSyntax;
import org.apache.calcite.sql.validate.SqlNameMatcher;
import org.apache.calcite.sql.validate.SqlNameMatchers;

/**
 * A {@link CatalogSnapshot} as Calcite's tree of schemas: root, catalogs, schemas, tables. Nothing
 * is listed unless a name needs it. Synthetic tables stand at the root.
 */
public final class CatalogReader extends CalciteCatalogReader {
  private static final CalciteConnectionConfigImpl CONFIG = config();

  /** Marks a catalog on the search path, where it gives its schemas but no tables of its own. */
  private static final String SCHEMAS_OF = "schemas of ";

  public CatalogReader(CatalogSnapshot snapshot, RelDataTypeFactory factory) {
    super(
        CalciteSchema.createRootSchema(false, false, "", new Root(snapshot)),
        SqlNameMatchers.withCaseSensitive(false),
        paths(snapshot),
        factory,
        CONFIG);
  }

  private static List<List<String>> paths(CatalogSnapshot snapshot) {
    String catalog = snapshot.session().catalog();
    return List.of(
        List.of(catalog, snapshot.session().schema()), List.of(SCHEMAS_OF + catalog), List.of());
  }

  private static CalciteConnectionConfigImpl config() {
    Properties properties = new Properties();
    properties.setProperty(CalciteConnectionProperty.CASE_SENSITIVE.camelName(), "false");
    return new CalciteConnectionConfigImpl(properties);
  }

  /** Functions come from the registry only. */
  @Override
  public void lookupOperatorOverloads(
      SqlIdentifier name,
      SqlFunctionCategory category,
      SqlSyntax syntax,
      List<SqlOperator> operators,
      SqlNameMatcher matcher) {}

  private static final class Root extends AbstractSchema {
    private final CatalogSnapshot snapshot;

    Root(CatalogSnapshot snapshot) {
      this.snapshot = snapshot;
    }

    @Override
    public Lookup<Table> tables() {
      return new Found<>(
          name -> snapshot.synthetic(name).map(t -> new Named<>(name, CatalogTable.of(t))),
          Set::of);
    }

    @Override
    public Lookup<? extends Schema> subSchemas() {
      return new Found<Schema>(
          name ->
              snapshot
                  .catalogs()
                  .find(name.startsWith(SCHEMAS_OF) ? name.substring(SCHEMAS_OF.length()) : name)
                  .map(
                      e ->
                          name.startsWith(SCHEMAS_OF)
                              ? new Named<>(name, new CatalogNode(snapshot, e, false))
                              : new Named<>(e.name(), new CatalogNode(snapshot, e, true))),
          () -> new HashSet<>(snapshot.catalogs().names()));
    }
  }

  /** A catalog; its own tables are those of its main schema, for names of two parts. */
  private static final class CatalogNode extends AbstractSchema {
    private final CatalogSnapshot snapshot;
    private final Catalogs.Entry catalog;
    private final boolean hasTables;

    CatalogNode(CatalogSnapshot snapshot, Catalogs.Entry catalog, boolean hasTables) {
      this.snapshot = snapshot;
      this.catalog = catalog;
      this.hasTables = hasTables;
    }

    @Override
    public Lookup<Table> tables() {
      return new Found<>(
          name ->
              hasTables
                  ? find(List.of(catalog.name(), snapshot.mainSchema(catalog), name))
                  : Optional.empty(),
          Set::of);
    }

    @Override
    public Lookup<? extends Schema> subSchemas() {
      return new Found<Schema>(
          name ->
              snapshot
                  .findSchema(catalog, name)
                  .map(s -> new Named<>(s, new SchemaNode(snapshot, catalog, s))),
          Set::of);
    }

    private Optional<Named<Table>> find(List<String> path) {
      return snapshot.find(path).map(t -> new Named<>(t.name(), CatalogTable.of(t)));
    }
  }

  private static final class SchemaNode extends AbstractSchema {
    private final CatalogSnapshot snapshot;
    private final Catalogs.Entry catalog;
    private final String schema;

    SchemaNode(CatalogSnapshot snapshot, Catalogs.Entry catalog, String schema) {
      this.snapshot = snapshot;
      this.catalog = catalog;
      this.schema = schema;
    }

    @Override
    public Lookup<Table> tables() {
      return new Found<>(
          name ->
              snapshot
                  .find(List.of(catalog.name(), schema, name))
                  .map(t -> new Named<>(t.name(), CatalogTable.of(t))),
          Set::of);
    }

    @Override
    public Lookup<? extends Schema> subSchemas() {
      return Lookup.empty();
    }
  }

  /** A lookup by a function that finds names whatever their case; memoised. */
  private static final class Found<T> implements Lookup<T> {
    private final Function<String, Optional<Named<T>>> find;
    private final Supplier<Set<String>> names;
    private final Map<String, Optional<Named<T>>> known = new HashMap<>();

    Found(Function<String, Optional<Named<T>>> find, Supplier<Set<String>> names) {
      this.find = find;
      this.names = names;
    }

    @Override
    public T get(String name) {
      return Named.entityOrNull(getIgnoreCase(name));
    }

    @Override
    public Named<T> getIgnoreCase(String name) {
      Optional<Named<T>> found = known.get(name);
      if (found == null) {
        found = find.apply(name);
        known.put(name, found);
      }
      return found.orElse(null);
    }

    @Override
    public Set<String> getNames(LikePattern pattern) {
      return names.get();
    }
  }
}
