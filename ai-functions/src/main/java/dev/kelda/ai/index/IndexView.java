package dev.kelda.ai.index;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.connector.AddressedTable;
import dev.kelda.spi.connector.AddressedTable.RowFile;
import dev.kelda.spi.connector.RowSet;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntPredicate;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.NumericDocValues;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.util.Bits;
import org.apache.lucene.util.FixedBitSet;

/**
 * An index as one version of its table: of the files that the index has as they are now its rows,
 * and a tail of the others, which are searched without a graph.
 *
 * @param leaves segments with rows, those of the tail last
 */
record IndexView(String version, List<Leaf> leaves) {
  private static final long HIDDEN = -1;

  IndexView {
    requireNonNull(version, "version is null");
    leaves = List.copyOf(leaves);
  }

  /**
   * One segment.
   *
   * @param addresses of the rows, by document; negative where the version has no such row
   * @param visible rows that are not hidden; null = every document is one
   * @param rows how many
   */
  record Leaf(LeafReader reader, long[] addresses, FixedBitSet visible, int rows) {
    /** The rows to choose from; null = all documents. */
    FixedBitSet among(Optional<RowSet> chosen) {
      if (chosen.isEmpty()) {
        return visible;
      }
      RowSet.Lookup lookup = chosen.get().lookup();
      FixedBitSet both = new FixedBitSet(addresses.length);
      for (int document = 0; document < addresses.length; document++) {
        if (addresses[document] != HIDDEN && lookup.contains(addresses[document])) {
          both.set(document);
        }
      }
      return both;
    }
  }

  /** What an index has of a version, and what it lacks. */
  record Coverage(Map<Integer, Integer> numbers, IntPredicate missing, long missingRows) {}

  static Coverage coverage(IndexedFiles indexed, AddressedTable table) {
    List<RowFile> files = table.rowFiles();
    Map<Integer, Integer> numbers = new HashMap<>(); // in the index -> in the table
    boolean[] missing = new boolean[files.size()];
    long rows = 0;
    for (int i = 0; i < files.size(); i++) {
      IndexedFiles.File file = indexed.byPath().get(files.get(i).path());
      if (file != null && file.deletes().equals(files.get(i).deletes())) {
        numbers.put(file.number(), i);
      } else {
        missing[i] = true;
        rows += files.get(i).rows();
      }
    }
    return new Coverage(numbers, i -> missing[i], rows);
  }

  /**
   * @param numbers of files in the table, by those in the index; other files' rows are hidden
   */
  static List<Leaf> leaves(DirectoryReader reader, Map<Integer, Integer> numbers)
      throws IOException {
    List<Leaf> leaves = new ArrayList<>();
    for (LeafReaderContext context : reader.leaves()) {
      Leaf leaf = leaf(context.reader(), numbers);
      if (leaf.rows() > 0) {
        leaves.add(leaf);
      }
    }
    return leaves;
  }

  private static Leaf leaf(LeafReader reader, Map<Integer, Integer> numbers) throws IOException {
    long[] addresses = new long[reader.maxDoc()];
    Arrays.fill(addresses, HIDDEN);
    FixedBitSet visible = new FixedBitSet(reader.maxDoc());
    NumericDocValues files = reader.getNumericDocValues(RowDocuments.FILE);
    NumericDocValues positions = reader.getNumericDocValues(RowDocuments.POSITION);
    Bits live = reader.getLiveDocs();
    int rows = 0;
    if (files != null && positions != null) {
      int document;
      while ((document = files.nextDoc()) != DocIdSetIterator.NO_MORE_DOCS) {
        Integer number = numbers.get((int) files.longValue());
        boolean shown = number != null && (live == null || live.get(document));
        if (shown && positions.advanceExact(document)) {
          addresses[document] = AddressedTable.address(number, positions.longValue());
          visible.set(document);
          rows++;
        }
      }
    }
    return new Leaf(reader, addresses, rows == reader.maxDoc() ? null : visible, rows);
  }

  long rows() {
    return leaves.stream().mapToLong(Leaf::rows).sum();
  }
}
