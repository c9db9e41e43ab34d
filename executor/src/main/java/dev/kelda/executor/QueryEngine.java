package dev.kelda.executor;

import dev.kelda.spi.connector.Scalar;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;

/** SQL in, Arrow out. */
public final class QueryEngine implements AutoCloseable {
  private QueryEngine() {}

  public static QueryEngine open(EngineConfig config) {
    throw new UnsupportedOperationException();
  }

  public Session openSession(String user) {
    throw new UnsupportedOperationException();
  }

  public Prepared prepare(Session session, String sql) {
    throw new UnsupportedOperationException();
  }

  public QueryResult execute(Session session, Prepared prepared, List<Scalar> parameters) {
    throw new UnsupportedOperationException();
  }

  public QueryResult run(Session session, String sql) {
    throw new UnsupportedOperationException();
  }

  /** Rows written. Reads {@code rows} to its end; the caller closes it. */
  public long ingest(Session session, IngestRequest request, ArrowReader rows) {
    throw new UnsupportedOperationException();
  }

  public CatalogView catalogs(Session session) {
    throw new UnsupportedOperationException();
  }

  public boolean cancel(String queryId) {
    throw new UnsupportedOperationException();
  }

  public List<QueryInfo> queries() {
    throw new UnsupportedOperationException();
  }

  public List<SessionInfo> sessions() {
    throw new UnsupportedOperationException();
  }

  public EngineMetrics metrics() {
    throw new UnsupportedOperationException();
  }

  public List<FunctionInfo> functions() {
    throw new UnsupportedOperationException();
  }

  /** The root of every Arrow buffer; make children of it for rows given to {@link #ingest}. */
  public BufferAllocator allocator() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
