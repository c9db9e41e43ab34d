package dev.kelda.spi.extension;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.rows.Columns;
import java.util.List;
import java.util.function.Supplier;

/**
 * A table of the catalog {@code system} that a module fills.
 *
 * @param rows asked whenever the table is read
 */
public record SystemTable<T>(String name, Columns<T> columns, Supplier<List<T>> rows) {
  public SystemTable {
    requireNonNull(name, "name is null");
    requireNonNull(columns, "columns is null");
    requireNonNull(rows, "rows is null");
  }
}
