package dev.kelda.executor.bridge;

import dev.kelda.executor.proto.EvaluateFunction;
import dev.kelda.executor.proto.OpenScan;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.arrow.c.ArrowArray;
import org.apache.arrow.c.ArrowArrayStream;
import org.apache.arrow.c.ArrowSchema;
import org.apache.arrow.c.CDataDictionaryProvider;
import org.apache.arrow.c.Data;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;

/**
 * The Java end of upcalls. Native code calls {@link #openScan} and {@link #evaluate} from its
 * blocking threads; both return null on success and a framed error otherwise, so that no exception
 * crosses the border.
 */
final class UpcallBridge {
  private final Upcalls upcalls;
  private final Map<String, QueryScope> queries = new ConcurrentHashMap<>();

  UpcallBridge(Upcalls upcalls) {
    this.upcalls = upcalls;
  }

  QueryScope begin(String queryId, BufferAllocator allocator) {
    QueryScope scope = new QueryScope(queryId, allocator);
    if (queries.putIfAbsent(queryId, scope) != null) {
      throw new KeldaException(ErrorCode.INTERNAL_ERROR, "query " + queryId + " already runs");
    }
    return scope;
  }

  void end(QueryScope scope) {
    queries.remove(scope.queryId(), scope);
  }

  void interrupt(String queryId) {
    QueryScope scope = queries.get(queryId);
    if (scope != null) {
      scope.interrupt();
    }
  }

  /** Called by native code: fills the C stream at {@code streamAddress}. */
  String openScan(byte[] request, long streamAddress) {
    adoptClassLoader();
    try {
      OpenScan open = OpenScan.parseFrom(request);
      QueryScope scope = scope(open.getQueryId());
      scope.enter();
      try {
        UpcallReader reader = new UpcallReader(upcalls.openScan(open, scope.allocator()), scope);
        scope.opened(reader);
        export(reader, scope.allocator(), streamAddress);
        return null;
      } finally {
        scope.leave();
      }
    } catch (Throwable e) {
      return NativeException.encode(e);
    }
  }

  /** Called by native code: takes the struct at the first two addresses, fills the others. */
  String evaluate(byte[] call, long inArray, long inSchema, long outArray, long outSchema) {
    adoptClassLoader();
    try (ArrowArray argumentArray = ArrowArray.wrap(inArray);
        ArrowSchema argumentSchema = ArrowSchema.wrap(inSchema)) {
      EvaluateFunction function = EvaluateFunction.parseFrom(call);
      QueryScope scope = scope(function.getQueryId());
      scope.enter();
      try (CDataDictionaryProvider dictionaries = new CDataDictionaryProvider();
          VectorSchemaRoot arguments =
              Data.importVectorSchemaRoot(
                  scope.allocator(), argumentArray, argumentSchema, dictionaries);
          FieldVector result = upcalls.evaluate(function, arguments, scope.allocator())) {
        if (result.getValueCount() != arguments.getRowCount()) {
          throw new KeldaException(
              ErrorCode.INTERNAL_ERROR,
              "function %s returned %d values for %d rows"
                  .formatted(
                      function.getFunction(), result.getValueCount(), arguments.getRowCount()));
        }
        Data.exportVector(
            scope.allocator(),
            result,
            dictionaries,
            ArrowArray.wrap(outArray),
            ArrowSchema.wrap(outSchema));
        return null;
      } finally {
        scope.leave();
      }
    } catch (Throwable e) {
      return NativeException.encode(e);
    }
  }

  private static void export(ArrowReader reader, BufferAllocator allocator, long address)
      throws Exception {
    try {
      Data.exportArrayStream(allocator, reader, ArrowArrayStream.wrap(address));
    } catch (Throwable e) {
      reader.close();
      throw e;
    }
  }

  private QueryScope scope(String queryId) {
    QueryScope scope = queries.get(queryId);
    if (scope == null) {
      throw new KeldaException(ErrorCode.CANCELLED, "the query has ended");
    }
    return scope;
  }

  /** Native threads start with the system class loader, which ServiceLoader would search. */
  private static void adoptClassLoader() {
    Thread thread = Thread.currentThread();
    ClassLoader ours = UpcallBridge.class.getClassLoader();
    if (thread.getContextClassLoader() != ours) {
      thread.setContextClassLoader(ours);
    }
  }
}
