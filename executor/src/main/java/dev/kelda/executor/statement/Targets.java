package dev.kelda.executor.statement;

import dev.kelda.parser.Name;
import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.planner.catalog.Catalogs;
import dev.kelda.planner.catalog.Names;
import dev.kelda.planner.catalog.SchemaReference;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.spi.connector.AlterableConnector;
import dev.kelda.spi.connector.View;
import dev.kelda.spi.connector.ViewConnector;
import dev.kelda.spi.connector.WritableConnector;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/** What statements that write check of the place they write to. */
final class Targets {
  private Targets() {}

  /**
   * @throws KeldaException NOT_SUPPORTED when the catalog cannot be written
   */
  static WritableConnector writable(Catalogs.Entry catalog) {
    if (catalog.connector() instanceof WritableConnector writable) {
      return writable;
    }
    throw new KeldaException(
        ErrorCode.NOT_SUPPORTED, "catalog \"" + catalog.name() + "\" is read-only");
  }

  /**
   * Where a new table goes; its schema exists.
   *
   * @throws KeldaException SCHEMA_NOT_FOUND with the nearest name
   */
  static CatalogSnapshot.Target newTable(Name name, CatalogSnapshot catalog) {
    CatalogSnapshot.Target target = catalog.target(name.parts(), Optional.of(name.position()));
    SchemaReference schema = target.schema();
    if (!schema.exists()) {
      throw new KeldaException(
          ErrorCode.SCHEMA_NOT_FOUND,
          "there is no schema \"%s\"%s"
              .formatted(
                  schema, Names.suggestion(schema.name(), catalog.schemaNames(schema.catalog()))),
          name.position());
    }
    return target;
  }

  /**
   * Whether a table to be created is there already.
   *
   * @throws KeldaException TABLE_EXISTS unless IF NOT EXISTS or OR REPLACE allow it
   */
  static boolean taken(
      CatalogSnapshot.Target target,
      Name name,
      boolean ifNotExists,
      boolean orReplace,
      Request request) {
    Optional<TableReference> known = request.catalog().find(parts(target));
    if (known.isPresent() && !ifNotExists && !orReplace) {
      throw exists(name);
    }
    if (orReplace) {
      known.ifPresent(table -> table.requireOwn(Optional.of(name.position())));
    }
    return known.isPresent();
  }

  /** The table or view of the name; empty only with IF EXISTS. */
  static Optional<TableReference> existing(Name name, boolean ifExists, CatalogSnapshot catalog) {
    return ifExists
        ? catalog.find(name.parts())
        : Optional.of(catalog.table(name.parts(), Optional.of(name.position())));
  }

  /**
   * @throws KeldaException INVALID_STATEMENT for a view
   */
  static TableReference table(TableReference found, Name name) {
    found.requireOwn(Optional.of(name.position()));
    return keptTable(found, name);
  }

  /** As {@link #table(TableReference, Name)}, where what the statement works for owns the table. */
  static TableReference table(TableReference found, Name name, Request request) {
    request.requireOwn(found, name);
    return keptTable(found, name);
  }

  /**
   * As {@link #table(TableReference, Name)}, where rows stay as they are, whoever owns the table.
   */
  static TableReference keptTable(TableReference found, Name name) {
    return requireKind(found, name, found.table() instanceof View, "is a view, not a table");
  }

  /**
   * @throws KeldaException INVALID_STATEMENT for a table
   */
  static TableReference view(TableReference found, Name name) {
    found.requireOwn(Optional.of(name.position()));
    return requireKind(found, name, !(found.table() instanceof View), "is a table, not a view");
  }

  private static TableReference requireKind(
      TableReference found, Name name, boolean wrong, String what) {
    if (wrong) {
      throw new KeldaException(
          ErrorCode.INVALID_STATEMENT, "\"" + name + "\" " + what, name.position());
    }
    return found;
  }

  /**
   * @throws KeldaException NOT_SUPPORTED when the catalog's tables cannot be changed
   */
  static AlterableConnector alterable(TableReference table, CatalogSnapshot catalog) {
    Catalogs.Entry entry = catalog.catalog(table.catalog(), Optional.empty());
    if (entry.connector() instanceof AlterableConnector alterable) {
      return alterable;
    }
    throw new KeldaException(
        ErrorCode.NOT_SUPPORTED, "tables of catalog \"" + entry.name() + "\" cannot be altered");
  }

  static ViewConnector views(TableReference view, CatalogSnapshot catalog) {
    return views(catalog.catalog(view.catalog(), Optional.empty()));
  }

  /**
   * @throws KeldaException NOT_SUPPORTED when the catalog keeps no views
   */
  static ViewConnector views(Catalogs.Entry catalog) {
    if (catalog.connector() instanceof ViewConnector views) {
      return views;
    }
    throw new KeldaException(
        ErrorCode.NOT_SUPPORTED, "catalog \"" + catalog.name() + "\" keeps no views");
  }

  static KeldaException exists(Name name) {
    return new KeldaException(
        ErrorCode.TABLE_EXISTS, "table \"" + name + "\" exists already", name.position());
  }

  /**
   * @throws KeldaException INVALID_STATEMENT for a column without a name of its own or a type
   */
  static Schema checked(Schema columns, Name table) {
    Set<String> names = new HashSet<>();
    for (Field field : columns.getFields()) {
      if (!names.add(field.getName().toLowerCase(Locale.ROOT))) {
        throw new KeldaException(
            ErrorCode.INVALID_STATEMENT,
            "table \"%s\" would have two columns \"%s\"; give one an alias"
                .formatted(table, field.getName()),
            table.position());
      }
      if (field.getType() instanceof ArrowType.Null) {
        throw new KeldaException(
            ErrorCode.INVALID_STATEMENT,
            "column \"%s\" has no type; write CAST(NULL AS …)".formatted(field.getName()),
            table.position());
      }
    }
    if (names.isEmpty()) {
      throw new KeldaException(
          ErrorCode.INVALID_STATEMENT, "a table has at least one column", table.position());
    }
    return columns;
  }

  /** The parts of a table's name in a list for {@link CatalogSnapshot#find}. */
  static List<String> parts(CatalogSnapshot.Target target) {
    return List.of(target.schema().catalog().name(), target.schema().name(), target.name());
  }
}
