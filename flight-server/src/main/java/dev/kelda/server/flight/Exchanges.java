package dev.kelda.server.flight;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.exchange.Exchange;
import java.io.IOException;
import java.util.List;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;

/** DoExchange: batches of a client to what a module answers, its answers back, one for one. */
final class Exchanges {
  private final List<Exchange.Route> routes;
  private final BufferAllocator uploads;
  private final BufferAllocator allocator;

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
                new Exchange.Call(
                    caller.user(), path, batches.getVectorSchemaRoot().getSchema()),
                own);
        VectorSchemaRoot answer = VectorSchemaRoot.create(exchange.answers(), own)) {
      try {
        out.start(exchange.answers());
        while (batches.loadNextBatch()) {
          exchange.answer(batches.getVectorSchemaRoot(), answer);
          out.answer(answer);
        }
        out.complete();
      } finally {
        out.drain(); // before the buffers' owner ends
      }
    }
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
                            String.join(", ", routes.stream().map(Exchange.Route::name).toList()))));
  }
}
