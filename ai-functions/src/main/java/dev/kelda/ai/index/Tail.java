package dev.kelda.ai.index;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.connector.AddressedTable;
import dev.kelda.spi.extension.StatementContext;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.MMapDirectory;

/**
 * Rows that an index does not have: an index of their own, in a temporary folder, without a graph.
 */
record Tail(Path folder, Directory directory, DirectoryReader reader, int dimension)
    implements AutoCloseable {
  Tail {
    requireNonNull(folder, "folder is null");
    requireNonNull(directory, "directory is null");
    requireNonNull(reader, "reader is null");
  }

  /**
   * @param files of the table; in the tail they have the same numbers
   * @param dimension elements of the vectors; 0 = not known
   * @param temporary folder to make one in
   */
  static Tail of(
      IndexDefinition index,
      AddressedTable table,
      IntPredicate files,
      int dimension,
      StatementContext context,
      Path temporary,
      int threads)
      throws IOException {
    Path folder = temporary.resolve("tail-" + UUID.randomUUID());
    Directory directory = new MMapDirectory(folder);
    try {
      int elements;
      try (IndexWriter writer = new IndexWriter(directory, LuceneSettings.adding(index.options()));
          RowIndexer indexer =
              new RowIndexer(
                  index, context, writer, threads, dimension, false, (hash, file, at) -> false)) {
        Map<Integer, Integer> numbers = numbers(table);
        new RowSource(index, table, context).read(files, batch -> indexer.add(batch, numbers));
        elements = indexer.finish();
        writer.commit();
      }
      return new Tail(folder, directory, DirectoryReader.open(directory), elements);
    } catch (IOException | RuntimeException e) {
      directory.close();
      Folders.delete(folder);
      throw e;
    }
  }

  static Map<Integer, Integer> numbers(AddressedTable table) {
    return IntStream.range(0, table.rowFiles().size())
        .boxed()
        .collect(Collectors.toMap(i -> i, i -> i));
  }

  @Override
  public void close() throws IOException {
    reader.close();
    directory.close();
    Folders.delete(folder);
  }
}
