package dev.kelda.ai.index;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.lucene.document.Document;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.PostingsEnum;
import org.apache.lucene.index.Terms;
import org.apache.lucene.index.TermsEnum;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.util.Bits;

/**
 * The files whose rows an index holds.
 *
 * @param byPath with their numbers in the index
 */
record IndexedFiles(Map<String, File> byPath) {
  IndexedFiles {
    byPath = Map.copyOf(byPath);
  }

  /**
   * @param deletes of the file when its rows were indexed, as {@code RowFile} has them
   */
  record File(int number, String deletes) {}

  static IndexedFiles of(DirectoryReader reader) throws IOException {
    Map<String, File> files = new HashMap<>();
    for (LeafReaderContext leaf : reader.leaves()) {
      Terms terms = leaf.reader().terms(RowDocuments.FILE_KEY);
      if (terms == null) {
        continue;
      }
      Bits live = leaf.reader().getLiveDocs();
      TermsEnum all = terms.iterator();
      while (all.next() != null) {
        PostingsEnum documents = all.postings(null, PostingsEnum.NONE);
        int document;
        while ((document = documents.nextDoc()) != DocIdSetIterator.NO_MORE_DOCS) {
          if (live == null || live.get(document)) {
            add(reader, leaf.docBase + document, files);
          }
        }
      }
    }
    return new IndexedFiles(files);
  }

  private static void add(IndexReader reader, int document, Map<String, File> files)
      throws IOException {
    Document stored =
        reader
            .storedFields()
            .document(
                document, Set.of(RowDocuments.NUMBER, RowDocuments.PATH, RowDocuments.DELETES));
    files.put(
        stored.get(RowDocuments.PATH),
        new File(
            stored.getField(RowDocuments.NUMBER).numericValue().intValue(),
            stored.get(RowDocuments.DELETES)));
  }

  int nextNumber() {
    return 1 + byPath.values().stream().mapToInt(File::number).max().orElse(-1);
  }
}
