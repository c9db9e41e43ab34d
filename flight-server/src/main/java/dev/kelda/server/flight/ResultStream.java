package dev.kelda.server.flight;

import static java.util.Objects.requireNonNull;

import dev.kelda.server.Limits;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.apache.arrow.flight.BackpressureStrategy.CallbackBackpressureStrategy;
import org.apache.arrow.flight.FlightProducer.ServerStreamListener;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.arrow.vector.util.TransferPair;

/**
 * One DoGet: sends batches no faster than the client reads them, split when they are large, without
 * copying them. Made on the thread of the call, used on a worker. Buffers that gRPC still holds are
 * the query's: {@link #drain} before the query is closed.
 */
final class ResultStream implements AutoCloseable {
  /** Below this, copying is cheaper than keeping the query open until gRPC has sent the batch. */
  private static final long COPY_BYTES = 64 << 10;

  private static final long DRAIN_AFTER_FAILURE = TimeUnit.SECONDS.toNanos(10);

  private final ServerStreamListener listener;
  private final Limits limits;
  private final BufferAllocator allocator;
  private final CallbackBackpressureStrategy pressure;
  private volatile Runnable onCancel = () -> {};
  private VectorSchemaRoot out;
  private BufferAllocator source;
  private long sourceBytes;
  private boolean zeroCopy;

  /** What clients take by default, less room for the headers. */
  private static final long MESSAGE_BYTES = (16L << 20) - (64L << 10);

  private boolean ended;
  private boolean failed;

  ResultStream(ServerStreamListener listener, BufferAllocator parent, Limits limits) {
    this.listener = requireNonNull(listener, "listener is null");
    this.limits = requireNonNull(limits, "limits is null");
    this.allocator = parent.newChildAllocator("flight-stream", 0, Long.MAX_VALUE);
    this.pressure =
        new CallbackBackpressureStrategy() {
          @Override
          protected void cancelCallback() {
            onCancel.run();
          }
        };
    pressure.register(listener);
  }

  /** Runs when the client cancels or disconnects; at once if it has. */
  void onCancel(Runnable action) {
    onCancel = requireNonNull(action, "action is null");
    if (listener.isCancelled()) {
      action.run();
    }
  }

  void start(Schema schema) {
    out = VectorSchemaRoot.create(schema, allocator);
    listener.start(out);
  }

  /**
   * Sends every row of the reader; its batches are moved out of it.
   *
   * @throws KeldaException CANCELLED, TIMEOUT when the client stopped reading, or the reader's own
   */
  void send(ArrowReader reader) throws IOException {
    VectorSchemaRoot in = reader.getVectorSchemaRoot();
    checkColumns(in.getSchema());
    for (FieldVector vector : in.getFieldVectors()) {
      if (vector.getAllocator() != null) { // a column of NULLs alone has no memory
        source = vector.getAllocator();
        sourceBytes = source.getAllocatedMemory();
        break;
      }
    }
    while (reader.loadNextBatch()) {
      if (in.getRowCount() > 0) {
        send(in, 0, in.getRowCount());
      }
    }
  }

  /** Sends the rows of a root that stays the caller's; for small, ready-made results. */
  void send(VectorSchemaRoot rows) {
    if (rows.getRowCount() > 0) {
      send(rows, 0, rows.getRowCount());
    }
  }

  /**
   * Sends one batch, also when it has no rows.
   *
   * @param fill fills an empty root of the stream's schema
   */
  void answer(Consumer<VectorSchemaRoot> fill) {
    fill.accept(out);
    long bytes = bytes(out);
    if (bytes > MESSAGE_BYTES) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "an answer has %d bytes; a message to a client holds at most %d: ask for less at a time"
              .formatted(bytes, MESSAGE_BYTES));
    }
    put(bytes);
    out.clear();
  }

  private void put(long bytes) {
    awaitClient();
    boolean copy = bytes < COPY_BYTES;
    zeroCopy |= !copy;
    listener.setUseZeroCopy(!copy);
    listener.putNext();
  }

  private void send(VectorSchemaRoot in, int start, int length) {
    move(in, start, length);
    long bytes = bytes(out);
    if (bytes > limits.batchBytes() && length > 1) {
      if (start == 0 && length == in.getRowCount()) {
        moveBack(in);
      }
      int pieces = (int) Math.min(length, bytes / limits.batchBytes() + 1);
      int step = Math.ceilDiv(length, pieces);
      for (int at = start; at < start + length; at += step) {
        send(in, at, Math.min(step, start + length - at));
      }
      return;
    }
    if (bytes > MESSAGE_BYTES) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "a row of the result has %d bytes; a message to a client holds at most %d"
              .formatted(bytes, MESSAGE_BYTES));
    }
    put(bytes);
  }

  // A whole batch changes owner; a part shares the fixed-width buffers and copies offsets.
  private void move(VectorSchemaRoot in, int start, int length) {
    boolean whole = start == 0 && length == in.getRowCount();
    for (int i = 0; i < out.getFieldVectors().size(); i++) {
      TransferPair pair = in.getVector(i).makeTransferPair(out.getVector(i));
      if (whole) {
        pair.transfer();
      } else {
        pair.splitAndTransfer(start, length);
      }
    }
    out.setRowCount(length);
  }

  private void moveBack(VectorSchemaRoot in) {
    int rows = out.getRowCount();
    for (int i = 0; i < out.getFieldVectors().size(); i++) {
      out.getVector(i).makeTransferPair(in.getVector(i)).transfer();
    }
    in.setRowCount(rows);
  }

  private void awaitClient() {
    switch (pressure.waitForListener(limits.stalledClient().toMillis())) {
      case READY -> {}
      case CANCELLED -> throw new KeldaException(ErrorCode.CANCELLED, "the client went away");
      case TIMEOUT ->
          throw new KeldaException(
              ErrorCode.TIMEOUT,
              "the client read nothing for " + limits.stalledClient().toSeconds() + " s");
      case OTHER ->
          throw new KeldaException(ErrorCode.SHUTTING_DOWN, "the server is shutting down");
    }
  }

  /** Ends the stream well. */
  void complete() {
    if (!ended) {
      ended = true;
      listener.completed();
    }
  }

  /** Ends the stream with an error; a second end is ignored. */
  void fail(RuntimeException error) {
    failed = true;
    if (!ended) {
      ended = true;
      listener.error(error);
    }
  }

  /** Waits until gRPC has let go of every buffer that belongs to the query. */
  void drain() {
    if (out != null) {
      out.clear();
    }
    if (!zeroCopy) {
      return;
    }
    long wait = failed ? DRAIN_AFTER_FAILURE : limits.stalledClient().toNanos();
    long deadline = System.nanoTime() + wait;
    long pause = 20_000;
    while (holdsBuffers() && System.nanoTime() < deadline) {
      LockSupport.parkNanos(pause);
      pause = Math.min(pause * 2, 2_000_000);
    }
  }

  // The second part: the small record of each imported batch, freed just after its last buffer.
  private boolean holdsBuffers() {
    return allocator.getAllocatedMemory() > 0
        || (source != null && source.getAllocatedMemory() > sourceBytes);
  }

  @Override
  public void close() {
    if (out != null) {
      out.close();
    }
    allocator.close();
  }

  private void checkColumns(Schema actual) {
    boolean same = actual.getFields().size() == out.getSchema().getFields().size();
    for (int i = 0; same && i < actual.getFields().size(); i++) {
      same =
          actual.getFields().get(i).getType().equals(out.getSchema().getFields().get(i).getType());
    }
    if (!same) {
      throw new KeldaException(
          ErrorCode.INTERNAL_ERROR,
          "the query promised " + out.getSchema() + " and gives " + actual);
    }
  }

  private static long bytes(VectorSchemaRoot root) {
    long bytes = 0;
    for (FieldVector vector : root.getFieldVectors()) {
      bytes += vector.getBufferSize();
    }
    return bytes;
  }
}
