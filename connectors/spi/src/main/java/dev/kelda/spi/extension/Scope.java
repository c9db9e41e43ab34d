package dev.kelda.spi.extension;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.connector.Table;
import dev.kelda.spi.extension.EngineServices.TableName;
import java.util.Map;

/**
 * How a module's own statement differs from one that a user writes.
 *
 * @param catalog where names without a catalog are looked up
 * @param schema where names of one part are looked up
 * @param tables what names mean instead of what the catalogs say, also within views
 * @param owner tables whose {@link Table#partOf} it is may be written, past their {@link RowSink}
 * @param summary kept with what the statement commits, also when it changes no rows; see {@link
 *     dev.kelda.spi.connector.SnapshotTable#summary}
 */
public record Scope(
    String catalog,
    String schema,
    Map<TableName, Table> tables,
    String owner,
    Map<String, String> summary) {
  public Scope {
    requireNonNull(catalog, "catalog is null");
    requireNonNull(schema, "schema is null");
    tables = Map.copyOf(tables);
    requireNonNull(owner, "owner is null");
    summary = Map.copyOf(summary);
  }

  /** For queries, which write nothing. */
  public Scope(String catalog, String schema, Map<TableName, Table> tables) {
    this(catalog, schema, tables, "", Map.of());
  }

  public boolean owns(Table table) {
    return table.partOf().filter(owner::equals).isPresent();
  }
}
