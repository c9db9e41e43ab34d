package dev.kelda.ai.index;

import static java.util.Objects.requireNonNull;

import dev.kelda.ai.index.IndexView.Leaf;
import dev.kelda.spi.connector.RowSet;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.MultiReader;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TopScoreDocCollectorManager;
import org.apache.lucene.util.FixedBitSet;

/** Finds the best texts of a view by BM25; the tail counts in the statistics like the rest. */
final class Texts {
  private final Target target;
  private final IndexSearcher searcher;
  private final Map<Object, Leaf> leaves = new HashMap<>(); // by the key of the segment
  private final Optional<Query> among;

  Texts(Target target, IndexView view, Optional<RowSet> chosen) throws IOException {
    this.target = requireNonNull(target, "target is null");
    IndexReader[] readers = new IndexReader[view.leaves().size()];
    Map<Object, FixedBitSet> rows = new HashMap<>();
    boolean all = true;
    for (int i = 0; i < readers.length; i++) {
      Leaf leaf = view.leaves().get(i);
      Object key = key(leaf.reader());
      readers[i] = leaf.reader();
      leaves.put(key, leaf);
      FixedBitSet some = leaf.among(chosen);
      rows.put(key, some);
      all &= some == null;
    }
    this.searcher = new IndexSearcher(new MultiReader(readers, false));
    searcher.setQueryCache(null);
    this.among = all ? Optional.empty() : Optional.of(new AmongQuery(rows));
  }

  static Object key(LeafReader reader) {
    return reader.getCoreCacheHelper().getKey();
  }

  /**
   * @throws KeldaException INVALID_ARGUMENT, STATEMENT_TOO_COMPLEX
   */
  Hits best(String text, int count) throws IOException {
    List<String> fields = target.columns().stream().map(RowDocuments::text).toList();
    Query words = TextQuery.parse(text, fields, target.index().options().analyzer().analyzer());
    Query query =
        among
            .<Query>map(
                filter ->
                    new BooleanQuery.Builder()
                        .add(words, Occur.MUST)
                        .add(filter, Occur.FILTER)
                        .build())
            .orElse(words);
    Hits.Best best = new Hits.Best(count, false);
    try {
      int most = Math.min(count, Math.max(1, searcher.getIndexReader().maxDoc()));
      for (ScoreDoc hit :
          searcher.search(query, new TopScoreDocCollectorManager(most, 1)).scoreDocs) {
        best.add(address(hit.doc), hit.score);
      }
    } catch (IndexSearcher.TooManyClauses e) {
      throw new KeldaException(
          ErrorCode.STATEMENT_TOO_COMPLEX, "the text query stands for too many words", e);
    }
    return best.hits();
  }

  private long address(int document) {
    List<LeafReaderContext> contexts = searcher.getIndexReader().leaves();
    LeafReaderContext context = contexts.get(ReaderUtil.subIndex(document, contexts));
    return leaves.get(key(context.reader())).addresses()[document - context.docBase];
  }
}
