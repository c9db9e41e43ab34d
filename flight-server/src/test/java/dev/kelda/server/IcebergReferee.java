package dev.kelda.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.iceberg.BaseTable;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.FileMetadata;
import org.apache.iceberg.PartitionKey;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.InternalRecordWrapper;
import org.apache.iceberg.jdbc.JdbcCatalog;
import org.apache.iceberg.types.Types;

/**
 * Iceberg Java's own reader and writer of rows. They need Hadoop's classes, which Kelda must do
 * without, and so stand behind a class loader of their own.
 */
final class IcebergReferee implements AutoCloseable {
  /** Where the build puts Hadoop's jars. */
  private static final Path JARS = Path.of("target/referee");

  private final URLClassLoader loader;
  private final JdbcCatalog catalog;

  /**
   * @param home of the server whose default catalog is looked at
   */
  IcebergReferee(Path home) throws IOException {
    List<URL> path = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(":")) {
      path.add(url(Path.of(entry)));
    }
    try (Stream<Path> jars = Files.list(JARS)) {
      jars.map(IcebergReferee::url).forEach(path::add);
    }
    loader = new URLClassLoader(path.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
    catalog = new JdbcCatalog(properties -> new RefereeTables.LocalFiles(), null, false);
    catalog.initialize(
        "lake",
        Map.of(
            "uri",
            "jdbc:sqlite:" + home + "/metastore.db",
            "warehouse",
            "file://" + home + "/warehouse",
            "jdbc.schema-version",
            "V1"));
  }

  private static URL url(Path path) {
    try {
      return path.toUri().toURL();
    } catch (MalformedURLException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Table table(String name) {
    return catalog.loadTable(TableIdentifier.of("main", name));
  }

  private static String metadata(Table table) {
    return ((BaseTable) table).operations().current().metadataFileLocation();
  }

  /** The rows of a table of schema {@code main}, sorted; cells as Kelda casts them to text. */
  @SuppressWarnings("unchecked") // the method of RefereeTables returns it
  List<String> rows(String table) throws ReflectiveOperationException {
    return (List<String>) call(tables().getMethod("rows", String.class), metadata(table(table)));
  }

  /**
   * Deletes rows as Flink does: by a file of values.
   *
   * @param values of the rows to delete, each of the same columns
   * @param partition a row of the partition that the file is for; empty when the table has none
   */
  void deleteEqual(String name, List<Map<String, Object>> values, Map<String, Object> partition)
      throws ReflectiveOperationException, IOException {
    Table table = table(name);
    Method write = tables().getMethod("writeEqual", String.class, List.class);
    String file = (String) call(write, metadata(table), values);
    FileMetadata.Builder delete =
        FileMetadata.deleteFileBuilder(table.spec())
            .ofEqualityDeletes(ids(table.schema().select(values.getFirst().keySet())))
            .withPath(file)
            .withFormat(FileFormat.PARQUET)
            .withFileSizeInBytes(Files.size(Path.of(file.substring("file://".length()))))
            .withRecordCount(values.size());
    if (!partition.isEmpty()) {
      PartitionKey key = new PartitionKey(table.spec(), table.schema());
      GenericRecord row = GenericRecord.create(table.schema()).copy(partition);
      key.partition(new InternalRecordWrapper(table.schema().asStruct()).wrap(row));
      delete.withPartition(key);
    }
    DeleteFile written = delete.build();
    table.newRowDelta().addDeletes(written).commit();
  }

  static int[] ids(Schema columns) {
    return columns.columns().stream().mapToInt(Types.NestedField::fieldId).toArray();
  }

  private Class<?> tables() throws ClassNotFoundException {
    return Class.forName("dev.kelda.server.RefereeTables", true, loader);
  }

  // Iceberg looks for its formats by the thread's loader.
  private Object call(Method method, Object... arguments) throws ReflectiveOperationException {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(loader);
    try {
      return method.invoke(null, arguments);
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  @Override
  public void close() throws IOException {
    catalog.close();
    loader.close();
  }
}
