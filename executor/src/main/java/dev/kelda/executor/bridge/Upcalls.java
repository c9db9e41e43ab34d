package dev.kelda.executor.bridge;

import dev.kelda.executor.proto.EvaluateFunction;
import dev.kelda.executor.proto.OpenScan;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;

/**
 * The two things native code asks of Java. Called from several native threads that may block;
 * whatever is thrown ends the query with that error.
 */
public interface Upcalls {
  /**
   * Opens one partition of a Java scan.
   *
   * @param allocator the query's allocator; owns every buffer of the reader
   * @return a reader whose columns are exactly {@code request.projection}; the bridge closes it
   */
  ArrowReader openScan(OpenScan request, BufferAllocator allocator);

  /**
   * Evaluates a Java function over one batch.
   *
   * @param arguments one column per argument; owned by the bridge
   * @param allocator the query's allocator, for the result
   * @return a new vector of {@code call.type} with one value per row; the bridge closes it
   */
  FieldVector evaluate(
      EvaluateFunction call, VectorSchemaRoot arguments, BufferAllocator allocator);
}
