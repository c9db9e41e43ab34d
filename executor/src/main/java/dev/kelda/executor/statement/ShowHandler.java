package dev.kelda.executor.statement;

import dev.kelda.executor.FunctionInfo;
import dev.kelda.executor.QueryInfo;
import dev.kelda.executor.run.Outcome;
import dev.kelda.executor.system.SystemTables;
import dev.kelda.parser.Name;
import dev.kelda.parser.Statement;
import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.planner.catalog.Catalogs;
import dev.kelda.planner.catalog.Names;
import dev.kelda.planner.catalog.SchemaReference;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.connector.TableListing;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.rows.Columns;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** {@code SHOW kind [IN name] [LIKE 'pattern']}: rows by name. */
record ShowHandler(Services services) implements StatementHandler<Statement.Show> {
  private static final Columns<String> NAMES = Columns.of(String.class).text("name", name -> name);
  private static final Columns<TableListing> TABLES =
      Columns.of(TableListing.class)
          .text("name", TableListing::name)
          .text("type", table -> table.kind().sqlName());

  @Override
  public Class<Statement.Show> statement() {
    return Statement.Show.class;
  }

  @Override
  public Action prepare(Statement.Show show, Request request) {
    CatalogSnapshot catalog = request.catalog();
    return switch (show.kind()) {
      case CATALOGS -> names(show, () -> services.connectors().catalogs().names());
      case SCHEMAS -> {
        Catalogs.Entry entry = catalogIn(show, catalog);
        yield names(show, () -> entry.connector().schemas());
      }
      case TABLES -> {
        SchemaReference schema = schemaIn(show, catalog);
        yield list(
            show,
            TABLES,
            TableListing::name,
            () -> schema.catalog().connector().tables(schema.name()));
      }
      case VIEWS -> {
        SchemaReference schema = schemaIn(show, catalog);
        yield names(
            show,
            () ->
                schema.catalog().connector().tables(schema.name()).stream()
                    .filter(table -> table.kind() == TableKind.VIEW)
                    .map(TableListing::name)
                    .toList());
      }
      case COLUMNS -> {
        Name table = show.in().orElseThrow();
        yield list(
            show,
            ColumnRows.COLUMNS,
            field -> field.getName(),
            () ->
                ColumnRows.of(
                    catalog.table(table.parts(), Optional.of(table.position())).table().schema()));
      }
      case FUNCTIONS ->
          list(show, SystemTables.FUNCTIONS, FunctionInfo::name, services.functions());
      case SETTINGS ->
          list(
              show,
              SystemTables.SETTINGS,
              row -> row.setting().name(),
              () -> SystemTables.settings(request.session().settings()));
      case QUERIES -> list(show, SystemTables.QUERIES, QueryInfo::id, services::queries);
    };
  }

  private static Action names(Statement.Show show, Supplier<List<String>> names) {
    return list(show, NAMES, name -> name, () -> names.get().stream().sorted().toList());
  }

  private static <T> Action list(
      Statement.Show show, Columns<T> columns, Function<T, String> name, Supplier<List<T>> rows) {
    LikePattern pattern = new LikePattern(show.like());
    return Action.rows(
        columns.schema(),
        execution -> {
          execution.running();
          List<T> wanted =
              rows.get().stream().filter(row -> pattern.matches(name.apply(row))).toList();
          return new Outcome.Rows(columns.reader(execution.allocator(), wanted));
        });
  }

  private static Catalogs.Entry catalogIn(Statement.Show show, CatalogSnapshot catalog) {
    if (show.in().isEmpty()) {
      return catalog.catalog(catalog.session().catalog(), Optional.empty());
    }
    Name in = show.in().get();
    if (in.parts().size() != 1) {
      throw new KeldaException(
          ErrorCode.CATALOG_NOT_FOUND, "a catalog's name has one part: " + in, in.position());
    }
    return catalog.catalog(in.last(), Optional.of(in.position()));
  }

  // One part: a schema of the session's catalog, else a catalog.
  private SchemaReference schemaIn(Statement.Show show, CatalogSnapshot catalog) {
    if (show.in().isEmpty()) {
      return catalog.schema(List.of(catalog.session().schema()), Optional.empty());
    }
    Name in = show.in().get();
    SchemaReference schema = catalog.schema(in.parts(), Optional.of(in.position()));
    if (schema.exists()) {
      return schema;
    }
    Optional<Catalogs.Entry> other =
        in.parts().size() == 1
            ? services.connectors().catalogs().find(in.last())
            : Optional.empty();
    if (other.isPresent()) {
      List<String> schemas = catalog.schemaNames(other.get());
      return new SchemaReference(
          other.get(), schemas.size() == 1 ? schemas.getFirst() : "main", true);
    }
    throw new KeldaException(
        ErrorCode.SCHEMA_NOT_FOUND,
        "there is no schema \"%s\"%s"
            .formatted(in, Names.suggestion(in.last(), catalog.schemaNames(schema.catalog()))),
        in.position());
  }
}
