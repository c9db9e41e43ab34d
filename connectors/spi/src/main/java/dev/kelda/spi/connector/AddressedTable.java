package dev.kelda.spi.connector;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.function.IntPredicate;

/**
 * A table whose rows can be found again: a row's address is the number of its data file in this
 * version of the table, times 2<sup>{@value #POSITION_BITS}</sup>, plus its position there. A data
 * file never changes; from one version to the next files and deleted rows do.
 */
public interface AddressedTable extends Table {
  int POSITION_BITS = 40;

  /** The name of the column of {@link #addressed}. */
  String ADDRESS = "$row";

  /** The same for every version of the table, whatever its name, and for no other table. */
  String identity();

  /** By number. */
  List<RowFile> rowFiles();

  /**
   * The table with more columns at its end, of which the first is {@link #ADDRESS} (INT64, never
   * NULL).
   *
   * @param files numbers of the files to be read
   */
  Table addressed(IntPredicate files);

  /**
   * @param rows deleted ones included
   * @param deletes which rows are deleted: equal texts, equal rows; empty = none
   */
  record RowFile(String path, long rows, String deletes) {
    public RowFile {
      requireNonNull(path, "path is null");
      requireNonNull(deletes, "deletes is null");
    }
  }

  static long address(int file, long position) {
    return ((long) file << POSITION_BITS) + position;
  }
}
