package dev.kelda.cli.sql;

import dev.kelda.cli.format.Rows;
import java.util.List;

/** Where statements run. One at a time; {@link #cancel} from any thread. */
public interface SqlClient extends AutoCloseable {
  /**
   * Runs a statement; the caller closes what it gives.
   *
   * @throws dev.kelda.spi.error.KeldaException when it fails, also while the rows are read
   */
  Rows run(String sql);

  /** Stops the statement that runs, if any. */
  void cancel();

  /** One line for the console's greeting. */
  String greeting();

  /** The first column of a query as text; for completion. */
  default List<String> names(String sql) {
    try (Rows rows = run(sql)) {
      return rows.firstColumn();
    }
  }

  @Override
  void close();
}
