package dev.kelda.feature.serving;

import static java.util.Objects.requireNonNull;

import dev.kelda.feature.online.Found;
import dev.kelda.feature.online.OnlineCatalog;
import dev.kelda.feature.online.OnlineView;
import dev.kelda.spi.exchange.Exchange;
import dev.kelda.spi.extension.EngineServices;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Batches of keys in, features out, over one stream: path {@code online/view}, {@code
 * online/view:feature/…}. A row for each key, in its order; NULL where there is nothing.
 */
final class OnlineExchange implements Exchange {
  private final Features features;
  private final Schema answers;
  private final Lookups lookups;
  private final BufferAllocator allocator;

  private OnlineExchange(Features features, Lookups lookups, BufferAllocator allocator) {
    this.features = features;
    this.lookups = lookups;
    this.allocator = allocator;
    this.answers = features.schema();
  }

  /** {@code online/…}. */
  record Route(EngineServices services, OnlineCatalog catalog, Lookups lookups)
      implements Exchange.Route {
    Route {
      requireNonNull(services, "services is null");
      requireNonNull(catalog, "catalog is null");
      requireNonNull(lookups, "lookups is null");
    }

    @Override
    public String name() {
      return "online";
    }

    @Override
    public Exchange open(Call call, BufferAllocator allocator) {
      return new OnlineExchange(
          Features.of(call.path(), false, catalog, services.caller(call.user())),
          lookups,
          allocator);
    }
  }

  @Override
  public Schema answers() {
    return answers;
  }

  @Override
  public void answer(VectorSchemaRoot batch, VectorSchemaRoot answer) {
    Instant at = lookups.now();
    int count = batch.getRowCount();
    List<Found> found = new ArrayList<>();
    for (OnlineView view : features.views()) {
      try (KeyVectors keys = KeyVectors.of(batch, view, allocator)) {
        found.add(lookups.find(view, keys.vectors(), count, at));
      }
    }
    features.read(found, count, answer);
  }
}
