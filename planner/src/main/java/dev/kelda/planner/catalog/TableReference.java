package dev.kelda.planner.catalog;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.connector.Table;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.TextPosition;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A table that a statement resolved.
 *
 * @param table as it was when the statement was planned
 * @param loader loads the table's state of now; empty when the table is gone
 */
public record TableReference(
    String catalog, String schema, String name, Table table, Supplier<Optional<Table>> loader) {
  public TableReference {
    requireNonNull(catalog, "catalog is null");
    requireNonNull(schema, "schema is null");
    requireNonNull(name, "name is null");
    requireNonNull(table, "table is null");
    requireNonNull(loader, "loader is null");
  }

  /** Does a plan made on this reference still hold? Asks the source. */
  public boolean isCurrent() {
    return loader.get().map(t -> t.version().equals(table.version())).orElse(false);
  }

  /**
   * @throws KeldaException INVALID_STATEMENT for a table that only the statements of something else
   *     change
   */
  public void requireOwn(Optional<TextPosition> position) {
    table
        .partOf()
        .ifPresent(
            owner -> {
              throw new KeldaException(
                  ErrorCode.INVALID_STATEMENT,
                  "\"%s\" belongs to %s and is changed by its statements only"
                      .formatted(this, owner),
                  position,
                  null);
            });
  }

  @Override
  public String toString() {
    return catalog + "." + schema + "." + name;
  }
}
