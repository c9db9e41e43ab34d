package dev.kelda.ai.index;

import static java.util.Objects.requireNonNull;

import dev.kelda.ai.index.RowDocuments.Hash;
import dev.kelda.spi.connector.AddressedTable;
import dev.kelda.spi.connector.AddressedTable.RowFile;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.StatementContext;
import dev.kelda.spi.run.Progress;
import dev.kelda.spi.testing.CrashPoint;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.NumericDocValues;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.store.Directory;
import org.apache.lucene.util.Bits;

/**
 * Brings an index to a version of its table, without the graph of new rows.
 *
 * <pre>
 * files that are gone, rows deleted since --> documents without rows (KnownRows)
 * rows of new files --same content?--> the document gets a new place | a new document
 * documents that are left are deleted; the files are noted; commit
 * </pre>
 *
 * Many new files are taken in groups, each with a commit of its own: after a crash the rest is
 * done.
 */
final class IndexUpdate {
  private static final long GROUP_ROWS = 1_000_000;
  private static final String VERSION = "version";
  private static final String TABLE = "table";
  private static final String DIMENSION = "dimension";

  private final IndexDefinition index;
  private final AddressedTable table;
  private final StatementContext context;
  private final Progress progress;
  private final int threads;
  private int dimension;

  IndexUpdate(
      IndexDefinition index,
      AddressedTable table,
      StatementContext context,
      Progress progress,
      int threads) {
    this.index = requireNonNull(index, "index is null");
    this.table = requireNonNull(table, "table is null");
    this.context = requireNonNull(context, "context is null");
    this.progress = requireNonNull(progress, "progress is null");
    this.threads = threads;
  }

  /** The table's version that a reader's commit is of; empty when it is of none as a whole. */
  static String version(DirectoryReader reader) throws IOException {
    return reader.getIndexCommit().getUserData().getOrDefault(VERSION, "");
  }

  /** Elements of the vectors; 0 while there are none. */
  static int dimension(DirectoryReader reader) throws IOException {
    return Integer.parseInt(reader.getIndexCommit().getUserData().getOrDefault(DIMENSION, "0"));
  }

  /**
   * @param strict vectors of several lengths are an error; else those that are not as the first one
   *     are never found
   * @return whether anything changed
   */
  boolean run(Directory directory, boolean strict) throws IOException {
    try (IndexWriter writer = new IndexWriter(directory, LuceneSettings.adding(index.options()));
        DirectoryReader before = DirectoryReader.open(writer)) {
      Map<String, String> data = data(writer);
      dimension = Integer.parseInt(data.getOrDefault(DIMENSION, "0"));
      if (data.getOrDefault(VERSION, "").equals(table.version())) {
        return false;
      }
      if (!data.getOrDefault(TABLE, table.identity()).equals(table.identity())) {
        writer.deleteAll();
        dimension = 0;
        run(writer, DirectoryReader.open(writer), strict);
      } else {
        run(writer, before, strict);
      }
      return true;
    }
  }

  private static Map<String, String> data(IndexWriter writer) {
    Map<String, String> data = new HashMap<>();
    Iterable<Map.Entry<String, String>> live = writer.getLiveCommitData();
    if (live != null) {
      live.forEach(e -> data.put(e.getKey(), e.getValue()));
    }
    return data;
  }

  private void run(IndexWriter writer, DirectoryReader before, boolean strict) throws IOException {
    IndexedFiles known = IndexedFiles.of(before);
    List<RowFile> files = table.rowFiles();
    Set<Integer> gone = new HashSet<>();
    Map<Integer, Integer> dirty = new HashMap<>(); // number in the index -> in the table
    List<Integer> added = new ArrayList<>();
    Map<String, Integer> numbers = new HashMap<>();
    for (int i = 0; i < files.size(); i++) {
      numbers.put(files.get(i).path(), i);
      IndexedFiles.File file = known.byPath().get(files.get(i).path());
      if (file == null) {
        added.add(i);
      } else if (!file.deletes().equals(files.get(i).deletes())) {
        dirty.put(file.number(), i);
      }
    }
    known
        .byPath()
        .forEach(
            (path, file) -> {
              if (!numbers.containsKey(path)) {
                gone.add(file.number());
              }
            });
    progress.of(added.stream().mapToLong(i -> files.get(i).rows()).sum(), "rows");
    Rows rows = new Rows(writer, before, strict);
    BitSet again = rows.release(gone, dirty);
    rows.orphans.index();
    dirty.forEach((number, file) -> rows.numbers.put(file, number));
    rows.add(again.stream().boxed().toList(), true);
    int next = known.nextNumber();
    List<Integer> group = new ArrayList<>();
    long size = 0;
    for (int file : added) {
      rows.numbers.put(file, next);
      writer.addDocument(
          RowDocuments.file(next++, files.get(file).path(), files.get(file).deletes()));
      group.add(file);
      size += files.get(file).rows();
      if (size >= GROUP_ROWS) {
        rows.add(group, false);
        commit(writer, "");
        group.clear();
        size = 0;
      }
    }
    rows.add(group, false);
    // Only now: until the last commit a file that has changed counts as one that is not indexed.
    for (Map.Entry<Integer, Integer> file : dirty.entrySet()) {
      RowFile now = files.get(file.getValue());
      writer.updateDocument(
          RowDocuments.fileKey(file.getKey()),
          RowDocuments.file(file.getKey(), now.path(), now.deletes()));
    }
    for (int file : gone) {
      writer.deleteDocuments(RowDocuments.fileKey(file));
    }
    rows.deleteOrphans();
    commit(writer, table.version());
  }

  private void commit(IndexWriter writer, String version) throws IOException {
    CrashPoint.reached("index.rows-added");
    writer.setLiveCommitData(
        Map.of(TABLE, table.identity(), VERSION, version, DIMENSION, String.valueOf(dimension))
            .entrySet());
    writer.commit();
    CrashPoint.reached("index.committed");
  }

  /** The documents of rows: those that are there, and how new ones come in. */
  private final class Rows {
    final KnownRows orphans = new KnownRows();
    final Map<Integer, Integer> numbers = new HashMap<>(); // in the table -> in the index
    private final IndexWriter writer;
    private final DirectoryReader before;
    private final boolean strict;
    private final Map<Integer, BitSet> kept = new HashMap<>(); // positions, by number in the table

    Rows(IndexWriter writer, DirectoryReader before, boolean strict) {
      this.writer = writer;
      this.before = before;
      this.strict = strict;
    }

    /**
     * Finds the documents whose rows are gone.
     *
     * @return files of the table with rows that have no document although the file was indexed
     */
    BitSet release(Set<Integer> gone, Map<Integer, Integer> dirty) throws IOException {
      BitSet again = new BitSet();
      if (gone.isEmpty() && dirty.isEmpty()) {
        return again;
      }
      Map<Integer, BitSet> live = live(dirty);
      live.forEach((file, positions) -> kept.put(file, new BitSet()));
      for (LeafReaderContext leaf : before.leaves()) {
        LeafReader reader = leaf.reader();
        NumericDocValues files = reader.getNumericDocValues(RowDocuments.FILE);
        if (files == null) {
          continue;
        }
        NumericDocValues positions = reader.getNumericDocValues(RowDocuments.POSITION);
        NumericDocValues high = reader.getNumericDocValues(RowDocuments.HASH_HIGH);
        NumericDocValues low = reader.getNumericDocValues(RowDocuments.HASH_LOW);
        Bits alive = reader.getLiveDocs();
        int document;
        while ((document = files.nextDoc()) != DocIdSetIterator.NO_MORE_DOCS) {
          if (alive != null && !alive.get(document)) {
            continue;
          }
          int file = (int) files.longValue();
          Integer now = dirty.get(file);
          boolean orphan = gone.contains(file);
          if (now != null) {
            positions.advanceExact(document);
            int position = Math.toIntExact(positions.longValue());
            orphan = !live.get(now).get(position);
            kept.get(now).set(position, !orphan);
          }
          if (orphan) {
            high.advanceExact(document);
            low.advanceExact(document);
            orphans.add(leaf.docBase + document, new Hash(high.longValue(), low.longValue()));
          }
        }
      }
      live.forEach(
          (file, positions) -> {
            if (positions.cardinality() > kept.get(file).cardinality()) {
              again.set(file);
            }
          });
      return again;
    }

    /** The positions that are not deleted, by file of the table. */
    private Map<Integer, BitSet> live(Map<Integer, Integer> dirty) {
      Map<Integer, BitSet> live = new HashMap<>();
      dirty.values().forEach(file -> live.put(file, new BitSet()));
      if (!live.isEmpty()) {
        new RowSource(index, table, context)
            .addresses(
                live::containsKey,
                addresses -> {
                  for (int i = 0; i < addresses.getValueCount(); i++) {
                    long address = addresses.get(i);
                    long position = address & ((1L << AddressedTable.POSITION_BITS) - 1);
                    live.get((int) (address >>> AddressedTable.POSITION_BITS))
                        .set(Math.toIntExact(position));
                  }
                });
      }
      return live;
    }

    /**
     * @param files numbers in the table
     * @param some only rows that have no document
     */
    void add(List<Integer> files, boolean some) {
      if (files.isEmpty()) {
        return;
      }
      Set<Integer> wanted = Set.copyOf(files);
      try (RowIndexer indexer =
          new RowIndexer(index, context, writer, threads, dimension, strict, this::reuse)) {
        new RowSource(index, table, context)
            .read(
                wanted::contains,
                batch -> {
                  indexer.add(some ? batch.stream().filter(this::isNew).toList() : batch, numbers);
                  progress.add(batch.size());
                });
        dimension = indexer.finish();
      }
    }

    private boolean isNew(IndexedRow row) {
      BitSet known = kept.get(row.file());
      return known == null || !known.get(Math.toIntExact(row.position()));
    }

    /** A document with the row's content gets its place; false when there is none. */
    private boolean reuse(Hash hash, int file, long position) throws IOException {
      int document = orphans.take(hash);
      if (document < 0) {
        return false;
      }
      var place = RowDocuments.place(file, position);
      if (writer.tryUpdateDocValue(before, document, place.get(0), place.get(1)) < 0) {
        throw new KeldaException(ErrorCode.INTERNAL_ERROR, "a segment of the index is gone");
      }
      return true;
    }

    void deleteOrphans() throws IOException {
      for (int document : orphans.rest()) {
        if (writer.tryDeleteDocument(before, document) < 0) {
          throw new KeldaException(ErrorCode.INTERNAL_ERROR, "a segment of the index is gone");
        }
      }
    }
  }
}
