package dev.kelda.ai.index;

import static java.util.Objects.requireNonNull;

import java.util.Map;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.ConstantScoreScorerSupplier;
import org.apache.lucene.search.ConstantScoreWeight;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.QueryVisitor;
import org.apache.lucene.search.ScoreMode;
import org.apache.lucene.search.ScorerSupplier;
import org.apache.lucene.search.Weight;
import org.apache.lucene.util.BitSetIterator;
import org.apache.lucene.util.FixedBitSet;

/** Some documents of each segment; null = all of its documents. */
final class AmongQuery extends Query {
  private final Map<Object, FixedBitSet> documents;

  /**
   * @param documents by the segment's key
   */
  AmongQuery(Map<Object, FixedBitSet> documents) {
    this.documents = requireNonNull(documents, "documents is null");
  }

  @Override
  public Weight createWeight(IndexSearcher searcher, ScoreMode mode, float boost) {
    return new ConstantScoreWeight(this, boost) {
      @Override
      public ScorerSupplier scorerSupplier(LeafReaderContext context) {
        FixedBitSet some = documents.get(Texts.key(context.reader()));
        int all = context.reader().maxDoc();
        DocIdSetIterator iterator =
            some == null ? DocIdSetIterator.all(all) : new BitSetIterator(some, some.cardinality());
        return ConstantScoreScorerSupplier.fromIterator(iterator, score(), mode, all);
      }

      @Override
      public boolean isCacheable(LeafReaderContext context) {
        return false;
      }
    };
  }

  @Override
  public String toString(String field) {
    return "among";
  }

  @Override
  public void visit(QueryVisitor visitor) {
    visitor.visitLeaf(this);
  }

  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }
}
