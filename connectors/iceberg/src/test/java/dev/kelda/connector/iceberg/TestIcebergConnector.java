package dev.kelda.connector.iceberg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.ConnectorContext;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableDefinition;
import dev.kelda.spi.connector.TableListing;
import dev.kelda.spi.connector.TableWrite;
import dev.kelda.spi.connector.TableWrite.WrittenFile;
import dev.kelda.spi.connector.TimeTravelConnector.Moment;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.testing.Contexts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestIcebergConnector {
  private static final Schema COLUMNS =
      new Schema(
          List.of(
              new Field("id", FieldType.notNullable(CanonicalTypes.INT64), List.of()),
              new Field(
                  "name",
                  new FieldType(true, CanonicalTypes.UTF8, null, Map.of("comment", "who")),
                  List.of()),
              new Field("price", FieldType.nullable(CanonicalTypes.FLOAT64), List.of())));

  @TempDir Path home;
  private IcebergConnector connector;

  @BeforeEach
  void open() {
    connector = connect(Map.of());
  }

  @AfterEach
  void close() {
    connector.close();
  }

  private IcebergConnector connect(Map<String, String> properties) {
    ConnectorContext context = Contexts.of(home);
    return (IcebergConnector) new IcebergConnectorFactory().create("lake", properties, context);
  }

  @Test
  void startsWithSchemaMain() {
    assertThat(connector.schemas()).containsExactly("main");
    assertThat(connector.tables("main")).isEmpty();
    assertThat(connector.tables("nowhere")).isEmpty();
  }

  @Test
  void schemasComeAndGo() {
    connector.createSchema("s");
    assertThat(connector.schemas()).containsExactly("main", "s");
    assertCode(() -> connector.createSchema("s"), ErrorCode.SCHEMA_EXISTS);
    connector.createTable("s", "t", TableDefinition.of(COLUMNS));
    assertCode(() -> connector.dropSchema("s", false), ErrorCode.SCHEMA_NOT_EMPTY);
    connector.dropSchema("s", true);
    assertThat(connector.schemas()).containsExactly("main");
    assertCode(() -> connector.dropSchema("s", true), ErrorCode.SCHEMA_NOT_FOUND);
    assertCode(() -> connector.createSchema("a.b"), ErrorCode.INVALID_ARGUMENT);
    assertCode(() -> connector.createSchema(".."), ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void createdTableIsEmptyAndHasItsColumns() {
    connector.createTable("main", "t", TableDefinition.of(COLUMNS));
    assertThat(connector.tables("main")).extracting(TableListing::name).containsExactly("t");
    Table table = connector.table("main", "t").orElseThrow();
    assertThat(table.schema()).isEqualTo(COLUMNS);
    assertThat(table.statistics().rows().orElseThrow()).isZero();
    assertThat(((Scan.Files) table.scan(List.of())).files()).isEmpty();
    assertCode(
        () -> connector.createTable("main", "t", TableDefinition.of(COLUMNS)),
        ErrorCode.TABLE_EXISTS);
    assertCode(
        () -> connector.createTable("nope", "t", TableDefinition.of(COLUMNS)),
        ErrorCode.SCHEMA_NOT_FOUND);
  }

  @Test
  void everyTypeComesBack() {
    Field element = new Field("element", FieldType.nullable(CanonicalTypes.INT32), List.of());
    Field key = new Field("key", FieldType.notNullable(CanonicalTypes.UTF8), List.of());
    Field value = new Field("value", FieldType.nullable(CanonicalTypes.DATE32), List.of());
    Field entries =
        new Field("entries", FieldType.notNullable(ArrowType.Struct.INSTANCE), List.of(key, value));
    Schema columns =
        new Schema(
            List.of(
                Field.nullable("b", CanonicalTypes.BOOL),
                Field.nullable("i", CanonicalTypes.INT32),
                Field.nullable("f", CanonicalTypes.FLOAT32),
                Field.nullable("dec", CanonicalTypes.decimal(38, 10)),
                Field.nullable("d", CanonicalTypes.DATE32),
                Field.nullable("tm", CanonicalTypes.TIME64),
                Field.nullable("ts", CanonicalTypes.TIMESTAMP),
                Field.nullable("tz", CanonicalTypes.TIMESTAMP_TZ),
                Field.nullable("ns", CanonicalTypes.TIMESTAMP_NANOS),
                Field.nullable("bin", CanonicalTypes.BINARY),
                Field.nullable("fix", new ArrowType.FixedSizeBinary(7)),
                new Field("l", FieldType.nullable(ArrowType.List.INSTANCE), List.of(element)),
                new Field("m", FieldType.nullable(new ArrowType.Map(false)), List.of(entries)),
                new Field(
                    "s",
                    FieldType.nullable(ArrowType.Struct.INSTANCE),
                    List.of(Field.nullable("x", CanonicalTypes.INT64)))));
    connector.createTable("main", "types", TableDefinition.of(columns));
    Table table = connector.table("main", "types").orElseThrow();
    assertThat(table.schema()).isEqualTo(columns);
    Scan.Files scan = (Scan.Files) table.scan(List.of());
    assertThat(scan.columns().get(12).children()).hasSize(2);
    assertThat(scan.columns()).extracting(Scan.ColumnSource::fieldId).doesNotHaveDuplicates();
  }

  @Test
  void typesIcebergCannotStoreAreRefusedByName() {
    Schema columns = new Schema(List.of(Field.nullable("gap", CanonicalTypes.INTERVAL_YEAR_MONTH)));
    assertThatThrownBy(() -> connector.createTable("main", "t", TableDefinition.of(columns)))
        .isInstanceOf(KeldaException.class)
        .hasMessageContaining("\"gap\"");
  }

  @Test
  void insertedRowsAppearAtCommit() {
    connector.createTable("main", "t", TableDefinition.of(COLUMNS));
    Table before = connector.table("main", "t").orElseThrow();
    TableWrite write = connector.insert("main", "t");
    assertThat(write.target().location()).isEqualTo("file://" + home + "/warehouse/main/t/data");
    assertThat(write.target().columnIds())
        .extracting(Scan.ColumnSource::fieldId)
        .containsExactly(1, 2, 3);
    WrittenFile file = ParquetFiles.write(write.target(), "a", 0, 100);
    assertThat(connector.table("main", "t").orElseThrow().version()).isEqualTo(before.version());
    write.commit(List.of(file));

    Table after = connector.table("main", "t").orElseThrow();
    assertThat(after.version()).isNotEqualTo(before.version());
    assertThat(after.statistics().rows().orElseThrow()).isEqualTo(100);
    assertThat(after.statistics().columns().get(0).max())
        .contains(Scalar.of(CanonicalTypes.INT64, 99L));
    Scan.DataFile planned = ((Scan.Files) after.scan(List.of())).files().getFirst();
    assertThat(planned.path()).isEqualTo(file.path());
    assertThat(planned.rows()).isEqualTo(100);
    assertThat(planned.statistics().get(0))
        .isEqualTo(
            new Scan.FileColumnStatistics(
                0,
                java.util.Optional.of(Scalar.of(CanonicalTypes.INT64, 0L)),
                java.util.Optional.of(Scalar.of(CanonicalTypes.INT64, 99L)),
                true));
    assertThat(planned.statistics().get(1).exact()).isFalse();
    assertThat(((Scan.Files) before.scan(List.of())).files()).isEmpty();
  }

  @Test
  void conjunctsSkipFiles() {
    connector.createTable("main", "t", TableDefinition.of(COLUMNS));
    TableWrite write = connector.insert("main", "t");
    write.commit(
        List.of(
            ParquetFiles.write(write.target(), "a", 0, 100),
            ParquetFiles.write(write.target(), "b", 100, 100)));
    Table table = connector.table("main", "t").orElseThrow();
    Scalar limit = Scalar.of(CanonicalTypes.INT64, 150L);
    Predicate greater = new Predicate.Comparison(0, Predicate.Operator.GREATER, limit);
    assertThat(files(table, greater)).hasSize(1);
    assertThat(files(table, new Predicate.Not(greater))).hasSize(2);
    assertThat(files(table, new Predicate.In(0, List.of(Scalar.of(CanonicalTypes.INT64, 5L)))))
        .hasSize(1);
    assertThat(files(table, new Predicate.IsNull(0))).isEmpty();
    assertThat(files(table, new Predicate.StartsWith(1, "zzz"))).isEmpty();
    // NaN is greater than every number, and no bound tells whether there is one.
    assertThat(
            files(
                table,
                new Predicate.Comparison(
                    2, Predicate.Operator.GREATER, Scalar.of(CanonicalTypes.FLOAT64, 1e9))))
        .hasSize(2);
    assertThat(
            files(
                table,
                new Predicate.Comparison(
                    2, Predicate.Operator.LESS, Scalar.of(CanonicalTypes.FLOAT64, -1e9))))
        .isEmpty();
  }

  @Test
  void createTableAsReplacesInOneCommit() {
    TableWrite first = connector.createTableAs("main", "t", TableDefinition.of(COLUMNS), false);
    WrittenFile file = ParquetFiles.write(first.target(), "a", 0, 10);
    assertThat(connector.table("main", "t")).isEmpty();
    first.commit(List.of(file));
    assertThat(rows("t")).isEqualTo(10);
    assertCode(
        () -> connector.createTableAs("main", "t", TableDefinition.of(COLUMNS), false),
        ErrorCode.TABLE_EXISTS);

    Schema other = new Schema(List.of(Field.nullable("x", CanonicalTypes.INT32)));
    connector.createTableAs("main", "t", TableDefinition.of(other), true).commit(List.of());
    Table replaced = connector.table("main", "t").orElseThrow();
    assertThat(replaced.schema()).isEqualTo(other);
    assertThat(rows("t")).isZero();
    Table past = connector.tableAsOf("main", "t", snapshotOfFirst()).orElseThrow();
    assertThat(past.schema()).isEqualTo(COLUMNS);
    assertThat(past.statistics().rows().orElseThrow()).isEqualTo(10);
  }

  private Moment snapshotOfFirst() {
    return new Moment.Snapshot(
        ((IcebergTable) connector.table("main", "t").orElseThrow())
            .iceberg()
            .snapshots()
            .iterator()
            .next()
            .snapshotId());
  }

  @Test
  void abortRemovesTheFiles() throws IOException {
    connector.createTable("main", "t", TableDefinition.of(COLUMNS));
    TableWrite write = connector.insert("main", "t");
    WrittenFile listed = ParquetFiles.write(write.target(), "a", 0, 10);
    ParquetFiles.write(write.target(), "unlisted", 0, 10);
    write.abort(List.of(listed));
    try (Stream<Path> files = Files.list(LocalFileIO.path(write.target().location()))) {
      assertThat(files).isEmpty();
    }
    assertThat(rows("t")).isZero();
  }

  @Test
  void dropRemovesEveryFile() throws IOException {
    TableWrite write = connector.createTableAs("main", "t", TableDefinition.of(COLUMNS), false);
    write.commit(List.of(ParquetFiles.write(write.target(), "a", 0, 10)));
    connector.dropTable("main", "t");
    assertThat(connector.table("main", "t")).isEmpty();
    assertThat(home.resolve("warehouse/main/t")).doesNotExist();
    assertCode(() -> connector.dropTable("main", "t"), ErrorCode.TABLE_NOT_FOUND);
  }

  @Test
  void locationsOutsideTheWarehouseAreRefused() {
    for (String property : List.of("location", "write.data.path", "write.metadata.path")) {
      assertCode(
          () ->
              connector.createTable(
                  "main",
                  "t",
                  TableDefinition.of(COLUMNS).withProperties(Map.of(property, "file:///tmp/else"))),
          ErrorCode.ACCESS_DENIED);
      assertCode(
          () ->
              connector.createTable(
                  "main",
                  "t",
                  TableDefinition.of(COLUMNS)
                      .withProperties(Map.of(property, "file://" + home + "/warehouse/../x"))),
          ErrorCode.ACCESS_DENIED);
    }
  }

  @Test
  void concurrentWritersAllLand() throws Exception {
    connector.createTable("main", "t", TableDefinition.of(COLUMNS));
    int writers = 8;
    try (IcebergConnector second = connect(Map.of());
        ExecutorService pool = Executors.newFixedThreadPool(writers)) {
      List<Future<?>> done =
          IntStream.range(0, writers)
              .<Future<?>>mapToObj(
                  n ->
                      pool.submit(
                          () -> {
                            IcebergConnector own = n % 2 == 0 ? connector : second;
                            for (int i = 0; i < 4; i++) {
                              TableWrite write = own.insert("main", "t");
                              write.commit(List.of(ParquetFiles.write(write.target(), "a", 0, 10)));
                              assertThat(own.table("main", "t")).isPresent();
                            }
                          }))
              .toList();
      for (Future<?> writer : done) {
        writer.get();
      }
    }
    assertThat(rows("t")).isEqualTo(writers * 4 * 10);
  }

  @Test
  void metadataTablesAreRows() throws IOException {
    TableWrite write = connector.createTableAs("main", "t", TableDefinition.of(COLUMNS), false);
    write.commit(List.of(ParquetFiles.write(write.target(), "a", 0, 10)));
    for (String type :
        List.of("snapshots", "files", "history", "partitions", "refs", "manifests", "entries")) {
      Table table = connector.table("main", "t$" + type).orElseThrow();
      assertThat(table.schema().getFields())
          .allSatisfy(field -> assertThat(CanonicalTypes.firstNotCanonical(field)).isEmpty());
      try (BufferAllocator allocator = new RootAllocator();
          ArrowReader reader = open(allocator, table)) {
        assertThat(reader.loadNextBatch()).as(type).isTrue();
        assertThat(reader.getVectorSchemaRoot().getRowCount()).isEqualTo(1);
        assertThat(reader.getVectorSchemaRoot().contentToTSVString()).isNotEmpty();
        assertThat(reader.loadNextBatch()).isFalse();
      }
    }
    assertThat(connector.table("main", "t$nothing")).isEmpty();
  }

  @Test
  void unknownPropertiesAreRefused() {
    assertCode(() -> connect(Map.of("colour", "red")), ErrorCode.INVALID_CONFIGURATION);
    assertCode(
        () -> connect(Map.of("uri", "jdbc:sqlite:/x?enable_load_extension=true")),
        ErrorCode.INVALID_CONFIGURATION);
  }

  private static ArrowReader open(BufferAllocator allocator, Table table) {
    List<Integer> all = IntStream.range(0, table.schema().getFields().size()).boxed().toList();
    return ((Scan.Java) table.scan(List.of()))
        .open(allocator, new Scan.OpenRequest(0, all, List.of(), OptionalLong.empty()));
  }

  private static List<Scan.DataFile> files(Table table, Predicate conjunct) {
    return ((Scan.Files) table.scan(List.of(conjunct))).files();
  }

  private long rows(String table) {
    Scan.Files scan = (Scan.Files) connector.table("main", table).orElseThrow().scan(List.of());
    return scan.files().stream().mapToLong(Scan.DataFile::rows).sum();
  }

  private static void assertCode(Runnable action, ErrorCode code) {
    assertThatThrownBy(action::run)
        .isInstanceOfSatisfying(
            KeldaException.class, e -> assertThat(e.code()).as(e.getMessage()).isEqualTo(code));
  }
}
