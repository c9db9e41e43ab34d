package dev.kelda.ai.index;

import static java.util.Objects.requireNonNull;

import dev.kelda.ai.index.IndexOptions.Quantization;
import dev.kelda.ai.index.IndexView.Leaf;
import dev.kelda.spi.connector.RowSet;
import dev.kelda.spi.connector.Search.Measure;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.KnnVectorValues;
import org.apache.lucene.search.AcceptDocs;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.KnnCollector;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopKnnCollector;
import org.apache.lucene.search.VectorScorer;
import org.apache.lucene.util.BitSetIterator;
import org.apache.lucene.util.FixedBitSet;

/**
 * Finds the nearest vectors of a view: through the graph, or one by one where few rows may be
 * chosen. The distances of those found are computed from the vectors as they are.
 */
final class Vectors {
  /** Of fewer rows than one in this many every row is compared. */
  static final int EXACT_BELOW = 20;

  /** So many are compared rather than looked for. */
  private static final int EXACT_ROWS = 1_000;

  private final Measure measure;
  private final boolean quantized;
  private final int ef;
  private final List<Part> parts;

  /**
   * A segment and the rows to choose from.
   *
   * @param among null = all documents
   */
  private record Part(Leaf leaf, FixedBitSet among, boolean exact) {}

  /**
   * @param ef nodes considered on the way; the more the better and slower
   */
  Vectors(IndexView view, IndexOptions options, int ef, Optional<RowSet> chosen) {
    this(view, options, ef, chosen, false);
  }

  /** Compares every row. */
  static Vectors comparing(IndexView view, IndexOptions options) {
    return new Vectors(view, options, 0, Optional.empty(), true);
  }

  private Vectors(
      IndexView view, IndexOptions options, int ef, Optional<RowSet> chosen, boolean all) {
    this.measure = requireNonNull(options, "options is null").measure();
    this.quantized = options.quantization() != Quantization.NONE;
    this.ef = ef;
    this.parts = new ArrayList<>();
    for (Leaf leaf : view.leaves()) {
      FixedBitSet among = leaf.among(chosen);
      int rows = among == null ? leaf.addresses().length : among.cardinality();
      boolean exact =
          all || rows <= EXACT_ROWS || (long) rows * EXACT_BELOW < leaf.addresses().length;
      if (rows > 0) {
        parts.add(new Part(leaf, among, exact));
      }
    }
  }

  /**
   * @param dimension elements of the vectors; 0 = there are none
   * @throws KeldaException INVALID_ARGUMENT when the query is of another length or not finite
   */
  Hits nearest(float[] query, int count, int dimension) throws IOException {
    for (float element : query) {
      if (!Float.isFinite(element)) {
        throw new KeldaException(
            ErrorCode.INVALID_ARGUMENT, "a query vector has the element " + element);
      }
    }
    if (dimension != 0 && query.length != dimension) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "the query vector has %d elements, the vectors have %d"
              .formatted(query.length, dimension));
    }
    Optional<float[]> target = VectorRules.indexable(query, measure);
    if (target.isEmpty() || dimension == 0) {
      return Hits.NONE;
    }
    Hits.Best best = new Hits.Best(count, true);
    for (Part part : parts) {
      FloatVectorValues vectors = part.leaf().reader().getFloatVectorValues(RowDocuments.VECTOR);
      if (vectors == null) {
        continue;
      }
      int wanted = Math.min(Math.max(count, part.exact() ? count : ef), vectors.size());
      KnnCollector found = new TopKnnCollector(wanted, Integer.MAX_VALUE);
      if (part.exact()) {
        compare(part, vectors, target.get(), found);
      } else {
        part.leaf()
            .reader()
            .searchNearestVectors(
                RowDocuments.VECTOR,
                target.get(),
                found,
                AcceptDocs.fromLiveDocs(part.among(), part.leaf().addresses().length));
      }
      ScoreDoc[] hits = found.topDocs().scoreDocs;
      boolean all = quantized || hits.length <= count;
      refine(part, target.get(), all ? hits : Arrays.copyOf(hits, count), best);
    }
    return best.hits();
  }

  private static void compare(
      Part part, FloatVectorValues vectors, float[] target, KnnCollector found) throws IOException {
    VectorScorer scorer = vectors.rescorer(target);
    DocIdSetIterator documents = scorer.iterator();
    if (part.among() == null) {
      int document;
      while ((document = documents.nextDoc()) != DocIdSetIterator.NO_MORE_DOCS) {
        found.collect(document, scorer.score());
      }
      return;
    }
    BitSetIterator among = new BitSetIterator(part.among(), part.among().cardinality());
    int document = among.nextDoc();
    while (document != DocIdSetIterator.NO_MORE_DOCS) {
      int at = documents.docID() < document ? documents.advance(document) : documents.docID();
      if (at == document) {
        found.collect(document, scorer.score());
        document = among.nextDoc();
      } else {
        document = at == DocIdSetIterator.NO_MORE_DOCS ? at : among.advance(at);
      }
    }
  }

  /** Exact distances of those found. */
  private void refine(Part part, float[] target, ScoreDoc[] found, Hits.Best best)
      throws IOException {
    FloatVectorValues vectors = part.leaf().reader().getFloatVectorValues(RowDocuments.VECTOR);
    Arrays.sort(found, Comparator.comparingInt(hit -> hit.doc));
    KnnVectorValues.DocIndexIterator documents = vectors.iterator();
    for (ScoreDoc hit : found) {
      if (documents.advance(hit.doc) != hit.doc) {
        throw new IllegalStateException("a document without a vector was found");
      }
      double distance =
          VectorRules.distance(target, vectors.vectorValue(documents.index()), measure);
      best.add(part.leaf().addresses()[hit.doc], distance);
    }
  }
}
