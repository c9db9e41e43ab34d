package dev.kelda.spi.connector;

import java.util.List;
import org.apache.arrow.vector.VectorSchemaRoot;

/** A table that can keep statistics of its columns with itself. */
public interface AnalyzableTable extends Table {
  /** Ordinals of the columns that can have statistics. */
  List<Integer> analyzable();

  /**
   * Begins to count.
   *
   * @param columns of {@link #analyzable}, in the order in which {@link Analysis#add} gets them
   */
  Analysis analyze(List<Integer> columns);

  /** Statistics in the making. For one thread. */
  interface Analysis {
    /** Takes account of all rows of the batch. */
    void add(VectorSchemaRoot rows);

    /**
     * Writes the statistics down; later plans rest on them.
     *
     * @throws dev.kelda.spi.error.KeldaException COMMIT_CONFLICT, TABLE_NOT_FOUND
     */
    void commit();
  }
}
