package dev.kelda.ai.index;

import dev.kelda.ai.index.IndexView.Leaf;
import dev.kelda.spi.extension.StatementContext;
import dev.kelda.spi.run.Progress;
import dev.kelda.spi.testing.CrashPoint;
import java.io.IOException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.store.Directory;

/** Makes one segment of many: of vectors with a graph over all of them. */
final class IndexMerge {
  /** Segments beside the largest one may have one row in this many of it, or so many rows. */
  private static final int SMALL_PART = 20;

  private static final int SMALL_ROWS = 10_000;
  private static final int MOST_SEGMENTS = 10;

  private IndexMerge() {}

  /** Whether what stands beside the largest segment costs searches more than a merge. */
  static boolean isNeeded(DirectoryReader reader, boolean vectors) {
    List<LeafReaderContext> leaves = reader.leaves();
    if (leaves.isEmpty()) {
      return false;
    }
    int largest = leaves.stream().mapToInt(l -> l.reader().numDocs()).max().orElse(0);
    int others = reader.numDocs() - largest;
    boolean withoutGraph = vectors && leaves.size() == 1 && !hasGraph(leaves.getFirst());
    return withoutGraph
        || leaves.size() > MOST_SEGMENTS
        || others > Math.min(SMALL_ROWS, largest / SMALL_PART)
        || reader.numDeletedDocs() > reader.numDocs() / 5;
  }

  private static boolean hasGraph(LeafReaderContext leaf) {
    return leaf.reader().maxDoc() <= LuceneSettings.FLAT_ROWS
        || Graphs.of(leaf.reader()).isPresent();
  }

  static void run(
      Directory directory,
      IndexOptions options,
      StatementContext context,
      Progress progress,
      int threads)
      throws IOException {
    progress.detail(options.measure().ofVectors() ? "building the graph" : "merging segments");
    ExecutorService workers =
        Executors.newFixedThreadPool(
            threads, task -> Thread.ofPlatform().daemon().name("kelda-index").unstarted(task));
    try (IndexWriter writer =
        new IndexWriter(directory, LuceneSettings.merging(options, threads, workers))) {
      Map<String, String> data = new HashMap<>();
      writer.getLiveCommitData().forEach(e -> data.put(e.getKey(), e.getValue()));
      context.onCancel(() -> Thread.ofVirtual().start(() -> abort(writer)));
      writer.forceMerge(1);
      context.checkpoint();
      CrashPoint.reached("index.merged");
      writer.setLiveCommitData(data.entrySet());
      writer.commit();
      CrashPoint.reached("index.merge-committed");
    } finally {
      workers.shutdownNow();
    }
    context.checkpoint();
  }

  private static void abort(IndexWriter writer) {
    try {
      writer.rollback();
    } catch (IOException e) {
      // Whoever cancelled waits for the statement, which fails anyway.
    }
  }

  private static final int SAMPLE = 50;
  private static final int SAMPLED_HITS = 10;
  private static final long MOST_COMPARED = 20_000_000;

  /** Of the ten rows nearest to rows of a sample, how many are found; empty without a graph. */
  static OptionalDouble recall(DirectoryReader reader, IndexOptions options, int dimension)
      throws IOException {
    if (reader.numDocs() <= LuceneSettings.FLAT_ROWS || dimension == 0) {
      return OptionalDouble.empty();
    }
    Map<Integer, Integer> numbers = new HashMap<>();
    IndexedFiles.of(reader).byPath().values().forEach(f -> numbers.put(f.number(), f.number()));
    List<Leaf> leaves = IndexView.leaves(reader, numbers);
    IndexView view = new IndexView("", leaves);
    Vectors approximate =
        new Vectors(view, options, HitsFunction.DEFAULT_EF, java.util.Optional.empty());
    Vectors exact = Vectors.comparing(view, options);
    Leaf largest = leaves.stream().max(Comparator.comparingInt(Leaf::rows)).orElseThrow();
    FloatVectorValues vectors = largest.reader().getFloatVectorValues(RowDocuments.VECTOR);
    if (vectors == null || vectors.size() == 0) {
      return OptionalDouble.empty();
    }
    int queries = (int) Math.clamp(MOST_COMPARED / Math.max(1, view.rows()), 3, SAMPLE);
    Random random = new Random(42);
    long found = 0;
    long wanted = 0;
    for (int i = 0; i < queries; i++) {
      float[] query = vectors.vectorValue(random.nextInt(vectors.size())).clone();
      var near =
          LongStream.of(approximate.nearest(query, SAMPLED_HITS, dimension).addresses())
              .boxed()
              .collect(Collectors.toSet());
      for (long address : exact.nearest(query, SAMPLED_HITS, dimension).addresses()) {
        wanted++;
        found += near.contains(address) ? 1 : 0;
      }
    }
    return wanted == 0 ? OptionalDouble.empty() : OptionalDouble.of((double) found / wanted);
  }
}
