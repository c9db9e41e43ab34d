package dev.kelda.executor.system;

import dev.kelda.planner.catalog.Catalogs;
import dev.kelda.spi.connector.Operand;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.connector.TableListing;
import dev.kelda.spi.connector.View;
import dev.kelda.spi.rows.Columns;
import dev.kelda.spi.rows.TypeNames;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.arrow.vector.types.pojo.Field;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The standard's views of all catalogs. Conditions on the first three columns save listings. */
final class InformationSchema {
  private static final Logger LOG = LoggerFactory.getLogger(InformationSchema.class);

  private record SchemaRow(String catalog, String schema) {}

  private record TableRow(String catalog, String schema, TableListing table) {}

  private record ColumnRow(TableRow table, int position, Field field) {}

  private record ViewRow(TableRow table, View.Definition definition) {}

  private final Catalogs catalogs;

  InformationSchema(Catalogs catalogs) {
    this.catalogs = catalogs;
  }

  List<LiveTable<?>> tables() {
    Columns<SchemaRow> schemata =
        Columns.of(SchemaRow.class)
            .text("catalog_name", SchemaRow::catalog)
            .text("schema_name", SchemaRow::schema);
    Columns<TableRow> tables =
        Columns.of(TableRow.class)
            .text("table_catalog", TableRow::catalog)
            .text("table_schema", TableRow::schema)
            .text("table_name", row -> row.table().name())
            .text("table_type", row -> row.table().kind().sqlName());
    Columns<ColumnRow> columns =
        Columns.of(ColumnRow.class)
            .text("table_catalog", row -> row.table().catalog())
            .text("table_schema", row -> row.table().schema())
            .text("table_name", row -> row.table().table().name())
            .text("column_name", row -> row.field().getName())
            .integer("ordinal_position", ColumnRow::position)
            .optionalText("column_default", row -> Optional.empty())
            .text("is_nullable", row -> row.field().isNullable() ? "YES" : "NO")
            .text("data_type", row -> TypeNames.of(row.field()))
            .optionalText(
                "comment", row -> Optional.ofNullable(row.field().getMetadata().get("comment")));
    Columns<ViewRow> views =
        Columns.of(ViewRow.class)
            .text("table_catalog", row -> row.table().catalog())
            .text("table_schema", row -> row.table().schema())
            .text("table_name", row -> row.table().table().name())
            .text("view_definition", row -> row.definition().sql())
            .optionalText("comment", row -> row.definition().comment());
    Columns<TableRow> constraints = constraint().text("constraint_type", row -> "");
    Columns<TableRow> keys =
        constraint()
            .optionalText("column_name", row -> Optional.empty())
            .integer("ordinal_position", row -> 0);
    return List.of(
        new LiveTable<>("columns", columns, this::columnRows),
        new LiveTable<>("key_column_usage", keys, conjuncts -> List.of()),
        new LiveTable<>("schemata", schemata, this::schemaRows),
        new LiveTable<>("table_constraints", constraints, conjuncts -> List.of()),
        new LiveTable<>("tables", tables, this::tableRows),
        new LiveTable<>("views", views, this::viewRows));
  }

  private List<ViewRow> viewRows(List<Predicate> conjuncts) {
    List<ViewRow> rows = new ArrayList<>();
    for (TableRow row : tableRows(conjuncts)) {
      if (row.table().kind() == TableKind.VIEW) {
        load(row).stream()
            .filter(View.class::isInstance)
            .forEach(view -> rows.add(new ViewRow(row, ((View) view).definition())));
      }
    }
    return rows;
  }

  /** Tables have no keys; the views of them are there for tools that ask, and are empty. */
  private static Columns<TableRow> constraint() {
    return Columns.of(TableRow.class)
        .text("constraint_catalog", TableRow::catalog)
        .text("constraint_schema", TableRow::schema)
        .text("constraint_name", row -> "")
        .text("table_catalog", TableRow::catalog)
        .text("table_schema", TableRow::schema)
        .text("table_name", row -> row.table().name());
  }

  private List<SchemaRow> schemaRows(List<Predicate> conjuncts) {
    List<SchemaRow> rows = new ArrayList<>();
    for (Catalogs.Entry catalog : catalogs.entries()) {
      if (mayBe(conjuncts, 0, catalog.name())) {
        List<String> schemas = listing(catalog.name(), () -> catalog.connector().schemas());
        schemas.stream()
            .filter(schema -> mayBe(conjuncts, 1, schema))
            .forEach(schema -> rows.add(new SchemaRow(catalog.name(), schema)));
        boolean own = catalog.name().equals(SystemConnector.NAME);
        if (!own && mayBe(conjuncts, 1, SystemConnector.INFORMATION_SCHEMA)) {
          rows.add(new SchemaRow(catalog.name(), SystemConnector.INFORMATION_SCHEMA));
        }
      }
    }
    return rows;
  }

  private List<TableRow> tableRows(List<Predicate> conjuncts) {
    List<TableRow> rows = new ArrayList<>();
    for (SchemaRow schema : schemaRows(conjuncts)) {
      catalogs
          .find(schema.catalog())
          .ifPresent(
              entry ->
                  listing(schema.catalog(), () -> entry.connector().tables(schema.schema()))
                      .stream()
                      .filter(table -> mayBe(conjuncts, 2, table.name()))
                      .forEach(
                          table ->
                              rows.add(new TableRow(schema.catalog(), schema.schema(), table))));
    }
    return rows;
  }

  private List<ColumnRow> columnRows(List<Predicate> conjuncts) {
    List<ColumnRow> rows = new ArrayList<>();
    for (TableRow row : tableRows(conjuncts)) {
      for (Table table : load(row)) {
        List<Field> fields = table.schema().getFields();
        for (int i = 0; i < fields.size(); i++) {
          rows.add(new ColumnRow(row, i + 1, fields.get(i)));
        }
      }
    }
    return rows;
  }

  private List<Table> load(TableRow row) {
    return listing(
        row.catalog(),
        () ->
            catalogs.find(row.catalog()).stream()
                .flatMap(e -> e.connector().table(row.schema(), row.table().name()).stream())
                .toList());
  }

  // One dead source must not hide the others.
  private static <T> List<T> listing(String catalog, Supplier<List<T>> source) {
    try {
      return source.get();
    } catch (RuntimeException e) {
      LOG.warn("catalog {} cannot be listed: {}", catalog, e.getMessage());
      return List.of();
    }
  }

  /** False when a conjunct says that the column is never this name. */
  private static boolean mayBe(List<Predicate> conjuncts, int column, String name) {
    return conjuncts.stream().allMatch(conjunct -> mayBe(conjunct, column, name));
  }

  private static boolean mayBe(Predicate conjunct, int column, String name) {
    return switch (conjunct) {
      case Predicate.Comparison c ->
          c.column() != column
              || c.operator() != Predicate.Operator.EQUAL
              || isName(c.value(), name);
      case Predicate.In in ->
          in.column() != column || in.values().stream().anyMatch(value -> isName(value, name));
      default -> true;
    };
  }

  private static boolean isName(Operand value, String name) {
    return !(value instanceof Scalar scalar) || scalar.value().equals(Optional.of(name));
  }
}
