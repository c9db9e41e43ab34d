package dev.kelda.executor.bridge;

import static java.util.Objects.requireNonNull;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import dev.kelda.executor.proto.EngineConfig;
import dev.kelda.executor.proto.EngineMetrics;
import dev.kelda.executor.proto.InspectFilesRequest;
import dev.kelda.executor.proto.InspectFilesResponse;
import dev.kelda.executor.proto.ObjectRequest;
import dev.kelda.executor.proto.ObjectResponse;
import dev.kelda.executor.proto.QueryMetrics;
import dev.kelda.executor.proto.QueryRequest;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.arrow.c.ArrowArrayStream;
import org.apache.arrow.c.Data;
import org.apache.arrow.memory.BufferAllocator;

/**
 * The native engine. Thread-safe. This is the only class with {@code native} methods; their other
 * half is {@code executor/native/src/border.rs}.
 */
public final class NativeEngine implements AutoCloseable {
  private final long handle;
  private final UpcallBridge bridge;
  private final AtomicBoolean closed = new AtomicBoolean();

  private NativeEngine(long handle, UpcallBridge bridge) {
    this.handle = handle;
    this.bridge = bridge;
  }

  /** Loads the library on first use and starts the engine's threads. */
  public static NativeEngine open(EngineConfig config, Upcalls upcalls) {
    requireNonNull(config, "config is null");
    NativeLibrary.load();
    UpcallBridge bridge = new UpcallBridge(requireNonNull(upcalls, "upcalls is null"));
    return new NativeEngine(
        NativeException.translate(() -> openEngine(config.toByteArray(), bridge)), bridge);
  }

  /**
   * Plans a query and starts it.
   *
   * @param allocator owns every batch of the result and of the query's Java scans; it is empty
   *     again when the query and the batches taken from it are closed
   * @throws KeldaException also when the query was cancelled while it was planned
   */
  public NativeQuery start(BufferAllocator allocator, QueryRequest request) {
    requireNonNull(allocator, "allocator is null");
    String id = request.getQueryId();
    QueryScope scope = bridge.begin(id, allocator);
    try (ArrowArrayStream stream = ArrowArrayStream.allocateNew(allocator)) {
      byte[] bytes = request.toByteArray();
      long query =
          NativeException.translate(() -> startQuery(handle, id, bytes, stream.memoryAddress()));
      try {
        return new NativeQuery(this, query, scope, Data.importArrayStream(allocator, stream));
      } catch (Throwable e) {
        closeQuery(query);
        throw e;
      }
    } catch (Throwable e) {
      bridge.end(scope);
      throw e;
    }
  }

  /** The physical plan, indented, one operator a line. */
  public String explain(QueryRequest request) {
    byte[] bytes = request.toByteArray();
    return NativeException.translate(() -> explainQuery(handle, bytes));
  }

  /** What files a path names and what is in them. */
  public InspectFilesResponse inspectFiles(InspectFilesRequest request) {
    byte[] bytes = request.toByteArray();
    return parse(
        InspectFilesResponse.parser(),
        NativeException.translate(() -> inspectFiles(handle, bytes)));
  }

  /** Finds, reads, writes, deletes or lists objects of a store, or lends options for them. */
  public ObjectResponse callStore(ObjectRequest request) {
    byte[] bytes = request.toByteArray();
    return parse(
        ObjectResponse.parser(), NativeException.translate(() -> callStore(handle, bytes)));
  }

  public EngineMetrics metrics() {
    return parse(EngineMetrics.parser(), NativeException.translate(() -> engineMetrics(handle)));
  }

  /**
   * Asks a query to stop, also one that is still being planned; its reader then reports CANCELLED.
   *
   * @return whether such a query runs
   */
  public boolean cancel(String queryId) {
    boolean known = NativeException.translate(() -> cancelQuery(handle, queryId));
    bridge.interrupt(queryId);
    return known;
  }

  /** Stops the threads. Close every query first. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      NativeException.translate(
          () -> {
            closeEngine(handle);
            return null;
          });
    }
  }

  QueryMetrics metrics(long query) {
    return parse(QueryMetrics.parser(), NativeException.translate(() -> queryMetrics(query)));
  }

  /** Cancels what still runs and waits until native code has released everything. */
  void close(long query, QueryScope scope) {
    try {
      scope.interrupt();
      NativeException.translate(
          () -> {
            closeQuery(query);
            return null;
          });
    } finally {
      bridge.end(scope);
    }
  }

  private static <M extends MessageLite> M parse(Parser<M> parser, byte[] bytes) {
    try {
      return parser.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new KeldaException(
          ErrorCode.INTERNAL_ERROR, "the native engine sent a message that cannot be read", e);
    }
  }

  private static native long openEngine(byte[] config, UpcallBridge upcalls);

  private static native long startQuery(long engine, String queryId, byte[] request, long stream);

  private static native String explainQuery(long engine, byte[] request);

  private static native byte[] queryMetrics(long query);

  private static native boolean cancelQuery(long engine, String queryId);

  private static native void closeQuery(long query);

  private static native byte[] inspectFiles(long engine, byte[] request);

  private static native byte[] callStore(long engine, byte[] request);

  private static native byte[] engineMetrics(long engine);

  private static native void closeEngine(long engine);
}
