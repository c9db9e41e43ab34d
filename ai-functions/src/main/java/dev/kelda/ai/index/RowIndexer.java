package dev.kelda.ai.index;

import static java.util.Objects.requireNonNull;

import dev.kelda.ai.index.RowDocuments.Hash;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.StatementContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.index.IndexWriter;

/** Puts rows into an index, a batch at a time on one of several threads. */
final class RowIndexer implements AutoCloseable {
  private final IndexDefinition index;
  private final Optional<Embedder> embedder;
  private final IndexWriter writer;
  private final AtomicInteger dimension;
  private final boolean strict;
  private final Reuse reuse;
  private final ExecutorService workers;
  private final Semaphore free;
  private final List<CompletableFuture<Void>> running = new ArrayList<>();

  /** Gives a row to a document that has its content; false when there is none. */
  interface Reuse {
    boolean take(Hash hash, int file, long position) throws IOException;
  }

  /**
   * @param dimension elements of every vector; 0 = as the first one has
   */
  RowIndexer(
      IndexDefinition index,
      StatementContext context,
      IndexWriter writer,
      int threads,
      int dimension,
      boolean strict,
      Reuse reuse) {
    this.index = requireNonNull(index, "index is null");
    this.embedder = index.model().map(model -> new Embedder(model, context));
    this.writer = requireNonNull(writer, "writer is null");
    this.dimension = new AtomicInteger(dimension);
    this.strict = strict;
    this.reuse = requireNonNull(reuse, "reuse is null");
    this.workers =
        Executors.newFixedThreadPool(
            threads, task -> Thread.ofPlatform().daemon().name("kelda-index").unstarted(task));
    this.free = new Semaphore(2 * threads);
  }

  /**
   * Takes a batch; waits when too many are under way.
   *
   * @param numbers of the files in the index, by those in the table
   */
  void add(List<IndexedRow> rows, Map<Integer, Integer> numbers) {
    // Models run in the statement, which is asked by this thread alone.
    if (embedder.isPresent()) {
      index(rows, numbers);
      return;
    }
    running.removeIf(task -> task.isDone() && !task.isCompletedExceptionally());
    free.acquireUninterruptibly();
    running.add(
        CompletableFuture.runAsync(() -> index(rows, numbers), workers)
            .whenComplete((done, failure) -> free.release()));
  }

  /**
   * Waits until everything is indexed.
   *
   * @return the elements of the vectors
   */
  int finish() {
    try {
      running.forEach(CompletableFuture::join);
    } catch (CompletionException e) {
      throw e.getCause() instanceof KeldaException known ? known : e;
    }
    return dimension.get();
  }

  private void index(List<IndexedRow> rows, Map<Integer, Integer> numbers) {
    try {
      List<IndexedRow> fresh = new ArrayList<>();
      List<Hash> hashes = new ArrayList<>();
      for (IndexedRow row : rows) {
        Hash hash = Hash.of(row);
        if (!reuse.take(hash, numbers.get(row.file()), row.position())) {
          fresh.add(row);
          hashes.add(hash);
        }
      }
      List<Optional<float[]>> vectors = vectors(fresh);
      for (int i = 0; i < fresh.size(); i++) {
        IndexedRow row = fresh.get(i);
        Optional<float[]> vector = vectors.get(i).flatMap(this::indexable);
        writer.addDocument(
            RowDocuments.row(
                numbers.get(row.file()),
                row.position(),
                hashes.get(i),
                index.ofVectors() ? List.of() : row.texts(),
                vector.map(
                    v ->
                        new KnnFloatVectorField(
                            RowDocuments.VECTOR,
                            v,
                            RowDocuments.similarity(index.options().measure())))));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<Optional<float[]>> vectors(List<IndexedRow> rows) {
    if (embedder.isEmpty()) {
      return rows.stream().map(IndexedRow::vector).toList();
    }
    List<Optional<float[]>> vectors = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    rows.forEach(row -> row.texts().getFirst().ifPresent(texts::add));
    List<Optional<float[]>> embedded = embedder.get().embed(texts);
    int next = 0;
    for (IndexedRow row : rows) {
      vectors.add(row.texts().getFirst().isPresent() ? embedded.get(next++) : Optional.empty());
    }
    return vectors;
  }

  private Optional<float[]> indexable(float[] vector) {
    Optional<float[]> indexable = VectorRules.indexable(vector, index.options().measure());
    if (indexable.isEmpty()) {
      return indexable;
    }
    int length = vector.length;
    if (length > LuceneSettings.MOST_DIMENSIONS) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          "a vector of %d elements cannot be indexed; the most is %d"
              .formatted(length, LuceneSettings.MOST_DIMENSIONS));
    }
    int wanted = dimension.updateAndGet(known -> known == 0 ? length : known);
    if (wanted == length) {
      return indexable;
    }
    if (strict) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "column %s has vectors of %d and of %d elements; an index needs one length"
              .formatted(index.what(), Math.min(wanted, length), Math.max(wanted, length)));
    }
    return Optional.empty();
  }

  @Override
  public void close() {
    workers.shutdownNow();
    workers.close();
  }
}
