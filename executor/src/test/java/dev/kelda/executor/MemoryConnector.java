package dev.kelda.executor;

import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Scan.ColumnSource;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableDefinition;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.connector.TableListing;
import dev.kelda.spi.connector.TableStatistics;
import dev.kelda.spi.connector.TableWrite;
import dev.kelda.spi.connector.WritableConnector;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.arrow.vector.types.pojo.Schema;

/** Tables whose names live in memory and whose rows are Parquet files below a folder. */
final class MemoryConnector implements WritableConnector {
  private final Path folder;
  private final Map<String, Map<String, Snapshot>> schemas = new TreeMap<>();
  private final AtomicLong versions = new AtomicLong();

  /** Writes that were aborted. */
  final AtomicInteger aborted = new AtomicInteger();

  /** File plannings. */
  final AtomicInteger scans = new AtomicInteger();

  MemoryConnector(Path folder) {
    this.folder = folder;
    schemas.put("main", new TreeMap<>());
  }

  private final class Snapshot implements Table {
    private final Schema schema;
    private final List<TableWrite.WrittenFile> files;
    private final String version = "v" + versions.incrementAndGet();

    Snapshot(Schema schema, List<TableWrite.WrittenFile> files) {
      this.schema = schema;
      this.files = List.copyOf(files);
    }

    @Override
    public Schema schema() {
      return schema;
    }

    @Override
    public TableKind kind() {
      return TableKind.TABLE;
    }

    @Override
    public TableStatistics statistics() {
      double rows = files.stream().mapToLong(TableWrite.WrittenFile::rows).sum();
      return new TableStatistics(OptionalDouble.of(rows), Map.of());
    }

    @Override
    public String version() {
      return version;
    }

    @Override
    public Scan scan(List<Predicate> conjuncts) {
      scans.incrementAndGet();
      return new Scan.Files(
          Scan.FileFormat.PARQUET,
          Scan.FormatOptions.DEFAULT,
          false,
          schema.getFields().stream().map(field -> ColumnSource.byName()).toList(),
          files.stream()
              .map(
                  f ->
                      new Scan.DataFile(
                          f.path(), f.bytes(), f.rows(), Map.of(), Map.of(), List.of(), 0))
              .toList());
    }
  }

  @Override
  public synchronized List<String> schemas() {
    return List.copyOf(schemas.keySet());
  }

  @Override
  public synchronized List<TableListing> tables(String schema) {
    return schemas.getOrDefault(schema, Map.of()).keySet().stream()
        .map(name -> new TableListing(name, TableKind.TABLE))
        .toList();
  }

  @Override
  public synchronized Optional<Table> table(String schema, String name) {
    return Optional.ofNullable(schemas.getOrDefault(schema, Map.of()).get(name));
  }

  @Override
  public synchronized void createSchema(String schema) {
    schemas.put(schema, new TreeMap<>());
  }

  @Override
  public synchronized void dropSchema(String schema, boolean cascade) {
    if (!cascade && !schemas.get(schema).isEmpty()) {
      throw new KeldaException(ErrorCode.SCHEMA_NOT_EMPTY, "schema " + schema + " is not empty");
    }
    schemas.remove(schema);
  }

  @Override
  public synchronized void createTable(String schema, String name, TableDefinition definition) {
    put(schema, name, new Snapshot(definition.columns(), List.of()));
  }

  @Override
  public synchronized void dropTable(String schema, String name) {
    schemas.get(schema).remove(name);
  }

  @Override
  public synchronized TableWrite insert(String schema, String name, Map<String, String> summary) {
    Schema columns = schemas.get(schema).get(name).schema;
    return new Pending(
        columns,
        files -> {
          List<TableWrite.WrittenFile> all = new ArrayList<>(schemas.get(schema).get(name).files);
          all.addAll(files);
          put(schema, name, new Snapshot(columns, all));
        });
  }

  @Override
  public synchronized TableWrite createTableAs(
      String schema, String name, TableDefinition definition, boolean replace) {
    Schema columns = definition.columns();
    return new Pending(columns, files -> put(schema, name, new Snapshot(columns, files)));
  }

  private synchronized void put(String schema, String name, Snapshot table) {
    schemas.get(schema).put(name, table);
  }

  private interface Commit {
    void files(List<TableWrite.WrittenFile> files);
  }

  private final class Pending implements TableWrite {
    private final WriteTarget target;
    private final Commit commit;

    Pending(Schema columns, Commit commit) {
      this.commit = commit;
      this.target =
          new WriteTarget(
              "file://" + folder.resolve("data"),
              UUID.randomUUID().toString(),
              columns,
              columns.getFields().stream().map(field -> ColumnSource.byName()).toList(),
              64L << 20,
              "zstd",
              100_000,
              Layout.NONE,
              Optional.empty());
    }

    @Override
    public WriteTarget target() {
      return target;
    }

    @Override
    public void commit(List<WrittenFile> files) {
      commit.files(files);
    }

    @Override
    public void abort(List<WrittenFile> files) {
      aborted.incrementAndGet();
    }
  }

  @Override
  public void close() {}
}
