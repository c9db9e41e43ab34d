package dev.kelda.spi.connector;

import static java.util.Objects.requireNonNull;

/** A table's entry in a listing; nothing of it is loaded. */
public record TableListing(String name, TableKind kind) {
  public TableListing {
    requireNonNull(name, "name is null");
    requireNonNull(kind, "kind is null");
  }
}
