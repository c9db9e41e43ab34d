package dev.kelda.ai.index;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.Optional;
import org.apache.lucene.index.DirectoryReader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A view that is in use: its files stay open until the last user has released it. */
final class View {
  private static final Logger LOG = LoggerFactory.getLogger(View.class);

  private final IndexView rows;
  private final int dimension;
  private final Optional<DirectoryReader> index;
  private final Optional<Tail> tail;
  private int users = 1; // the one who made it

  View(IndexView rows, int dimension, Optional<DirectoryReader> index, Optional<Tail> tail) {
    this.rows = requireNonNull(rows, "rows is null");
    this.dimension = dimension;
    this.index = requireNonNull(index, "index is null");
    this.tail = requireNonNull(tail, "tail is null");
    index.ifPresent(DirectoryReader::incRef);
  }

  IndexView rows() {
    return rows;
  }

  /** Elements of the vectors; 0 = there are none. */
  int dimension() {
    return dimension;
  }

  long tailRows() {
    return tail.map(t -> (long) t.reader().numDocs()).orElse(0L);
  }

  /** False when it is closed already. */
  synchronized boolean acquire() {
    if (users == 0) {
      return false;
    }
    users++;
    return true;
  }

  synchronized void release() {
    if (--users > 0) {
      return;
    }
    try {
      if (index.isPresent()) {
        index.get().decRef();
      }
      if (tail.isPresent()) {
        tail.get().close();
      }
    } catch (IOException e) {
      LOG.warn("closing a view of an index", e);
    }
  }
}
