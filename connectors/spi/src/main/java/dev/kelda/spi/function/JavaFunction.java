package dev.kelda.spi.function;

import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;

/**
 * A scalar function evaluated in Java, a record batch at a time. Its name, types and documentation
 * stand in the function registry under the same id; implementations are found by {@link
 * java.util.ServiceLoader}. Stateless and thread-safe.
 */
public interface JavaFunction {
  /** The registry id. */
  String id();

  /**
   * @param arguments one column per argument, {@code getRowCount()} rows; owned by the caller
   * @param allocator for the result
   * @return a new vector of the registered result type, one value per row; the caller closes it
   */
  FieldVector evaluate(VectorSchemaRoot arguments, BufferAllocator allocator);
}
