package dev.kelda.executor.extension;

import dev.kelda.executor.QueryResult;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.SqlQuery;
import java.io.IOException;
import org.apache.arrow.vector.ipc.ArrowReader;

/** Results as modules take them. */
final class Results {
  private Results() {}

  /** The rows; closing them ends the query. */
  static ArrowReader rows(QueryResult result, SqlQuery query) {
    if (result.isUpdate()) {
      result.close();
      throw new KeldaException(
          ErrorCode.INVALID_STATEMENT, "not a query, but a change: " + query.text());
    }
    return new OwnedReader(result.reader(), result::close);
  }

  /** Runs to the end; rows written or read. */
  static long count(QueryResult result) {
    try (result) {
      if (result.isUpdate()) {
        return result.updateCount();
      }
      long rows = 0;
      while (result.reader().loadNextBatch()) {
        rows += result.reader().getVectorSchemaRoot().getRowCount();
      }
      return rows;
    } catch (IOException e) {
      throw new KeldaException(ErrorCode.INTERNAL_ERROR, "reading a result: " + e.getMessage(), e);
    }
  }
}
