package dev.kelda.spi.exchange;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;

/** One client's stream: for each batch that comes in, one goes out. For one thread. */
public interface Exchange extends AutoCloseable {
  /** The columns of every answer. */
  Schema answers();

  /**
   * Answers one batch.
   *
   * @param batch owned by the caller
   * @param answer an empty root of {@link #answers}, filled and left to the caller
   */
  void answer(VectorSchemaRoot batch, VectorSchemaRoot answer);

  @Override
  default void close() {}

  /** Opens exchanges whose descriptor's path begins with one word. */
  interface Route {
    /** The first part of the path, lower case. */
    String name();

    /**
     * Begins an exchange of a user who is known.
     *
     * @param call the rest of the path, and the columns of the batches that come in
     * @param allocator for the exchange's own buffers; empty when it is closed
     * @throws dev.kelda.spi.error.KeldaException with a USER code
     */
    Exchange open(Call call, BufferAllocator allocator);
  }

  /**
   * @param path without its first part
   */
  record Call(String user, List<String> path, Schema columns) {
    public Call {
      requireNonNull(user, "user is null");
      path = List.copyOf(path);
      requireNonNull(columns, "columns is null");
    }
  }
}
