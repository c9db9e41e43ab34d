package dev.kelda.server.flight;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.exchange.Exchange;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;

/** DoExchange: batches of a client to what a module answers, its answers back, one for one. */
final class Exchanges {
  private final List<Exchange.Route> routes;
  private final BufferAllocator uploads;
  private final BufferAllocator allocator;
  private final Set<Running> running = ConcurrentHashMap.newKeySet();
  private volatile boolean ended;

  /** An exchange and the thread that runs it. */
  private static final class Running {
    private final Thread thread = Thread.currentThread();
    private boolean waiting; // guarded by this; for the client

    synchronized void interrupt() {
      if (waiting) {
        thread.interrupt();
      }
    }

    synchronized void waiting(boolean value) {
      waiting = value;
      if (!value) {
        Thread.interrupted(); // it was meant for the wait only
      }
    }
  }

  /**
   * @param uploads of the batches that come in
   * @param allocator of everything else
   */
  Exchanges(List<Exchange.Route> routes, BufferAllocator uploads, BufferAllocator allocator) {
    this.routes = List.copyOf(routes);
    this.uploads = requireNonNull(uploads, "uploads is null");
    this.allocator = requireNonNull(allocator, "allocator is null");
  }

  /** Runs until the client has no more batches; on the thread of the call. */
  void run(Caller caller, FlightStream in, ResultStream out) throws IOException {
    FlightDescriptor descriptor = caller.interruptible(in::getDescriptor);
    Exchange.Route route = route(descriptor);
    List<String> path = descriptor.getPath().subList(1, descriptor.getPath().size());
    try (BufferAllocator own = allocator.newChildAllocator("exchange", 0, Long.MAX_VALUE);
        UploadReader batches = new UploadReader(in, uploads);
        Exchange exchange =
            route.open(
                new Exchange.Call(caller.user(), path, batches.getVectorSchemaRoot().getSchema()),
                own)) {
      Running self = new Running();
      running.add(self);
      try {
        out.start(exchange.answers());
        VectorSchemaRoot batch = batches.getVectorSchemaRoot();
        while (next(self, batches)) {
          out.answer(answer -> exchange.answer(batch, answer));
        }
        out.complete();
      } finally {
        running.remove(self);
        out.drain(); // before the buffers' owner ends
      }
    }
  }

  private boolean next(Running self, UploadReader batches) {
    self.waiting(true);
    try {
      if (ended) {
        throw shuttingDown();
      }
      return batches.loadNextBatch();
    } catch (RuntimeException e) {
      throw ended ? shuttingDown() : e;
    } finally {
      self.waiting(false);
    }
  }

  private static KeldaException shuttingDown() {
    return new KeldaException(ErrorCode.SHUTTING_DOWN, "the server is shutting down");
  }

  /** Ends every exchange once what it was asked is answered: clients would keep them for ever. */
  void end() {
    ended = true;
    running.forEach(Running::interrupt);
  }

  private Exchange.Route route(FlightDescriptor descriptor) {
    if (descriptor == null || descriptor.isCommand() || descriptor.getPath().isEmpty()) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT, "an exchange is named by a path such as online/VIEW");
    }
    String name = descriptor.getPath().getFirst();
    return routes.stream()
        .filter(route -> route.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(
            () ->
                new KeldaException(
                    ErrorCode.INVALID_ARGUMENT,
                    "there is no exchange \"%s\"; there are: %s"
                        .formatted(
                            name,
                            String.join(
                                ", ", routes.stream().map(Exchange.Route::name).toList()))));
  }
}
