package dev.kelda.executor.extension;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.rows.ForwardingReader;
import org.apache.arrow.vector.ipc.ArrowReader;

/** A reader that ends something else when it is closed. */
final class OwnedReader extends ForwardingReader {
  private final Runnable end;

  OwnedReader(ArrowReader reader, Runnable end) {
    super(reader);
    this.end = requireNonNull(end, "end is null");
  }

  @Override
  protected void end() {
    end.run();
  }
}
