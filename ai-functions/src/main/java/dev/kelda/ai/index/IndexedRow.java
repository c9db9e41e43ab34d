package dev.kelda.ai.index;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.connector.AddressedTable;
import java.util.List;
import java.util.Optional;

/**
 * What is indexed of a row.
 *
 * @param texts of the columns; none where vectors are read
 * @param vector absent where it is NULL or has a NULL element, and where texts are read
 */
record IndexedRow(long address, List<Optional<String>> texts, Optional<float[]> vector) {
  IndexedRow {
    texts = List.copyOf(texts);
    requireNonNull(vector, "vector is null");
  }

  /** Number of the file in the version of the table that was read. */
  int file() {
    return (int) (address >>> AddressedTable.POSITION_BITS);
  }

  long position() {
    return address & ((1L << AddressedTable.POSITION_BITS) - 1);
  }
}
