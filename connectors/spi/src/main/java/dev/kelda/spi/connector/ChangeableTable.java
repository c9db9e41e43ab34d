package dev.kelda.spi.connector;

/** A table whose single rows can be changed where they stand. */
public interface ChangeableTable extends Table {
  /**
   * Begins to change this version of the table.
   *
   * @throws dev.kelda.spi.error.KeldaException NOT_SUPPORTED, ACCESS_DENIED
   */
  RowChange change(RowChange.Kind kind);
}
