package dev.kelda.spi.extension;

import org.apache.arrow.vector.ipc.ArrowReader;

/** Takes the rows that users insert into a table, in place of the table's connector. */
public interface RowSink {
  /**
   * Takes all rows, or none when it throws.
   *
   * @param rows with the table's columns; the caller closes them
   * @return how many, safe from then on
   */
  long accept(ArrowReader rows, StatementContext context);
}
