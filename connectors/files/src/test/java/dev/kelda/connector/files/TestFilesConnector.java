package dev.kelda.connector.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Connector;
import dev.kelda.spi.connector.ConnectorContext;
import dev.kelda.spi.connector.FileInspector;
import dev.kelda.spi.connector.LocationPolicy;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Scan.FileFormat;
import dev.kelda.spi.connector.Scan.FormatOptions;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableListing;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.testing.MemoryStores;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestFilesConnector {
  @TempDir Path folder;
  private final Recorder recorder = new Recorder();
  private Path root;
  private Connector connector;

  /** Lists real files; stands where the native engine does, which this module cannot load. */
  private static final class Recorder implements FileInspector {
    private final List<FormatOptions> options = new ArrayList<>();
    private final List<FileFormat> formats = new ArrayList<>();

    @Override
    public Inspection inspect(FileFormat format, List<String> paths, FormatOptions option) {
      formats.add(format);
      options.add(option);
      Path path = Fingerprint.localPath(paths.getFirst());
      Path start = paths.getFirst().contains("*") ? path.getParent() : path;
      try (Stream<Path> walk = Files.walk(start)) {
        List<Scan.DataFile> files =
            walk.filter(Files::isRegularFile).sorted().map(Recorder::file).toList();
        Schema schema = new Schema(List.of(Field.nullable("a", CanonicalTypes.INT64)));
        return new Inspection(schema, files, "v" + files);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static Scan.DataFile file(Path path) {
      long bytes = path.toFile().length();
      Scan.FileColumnStatistics statistics =
          new Scan.FileColumnStatistics(
              0,
              Optional.of(Scalar.of(CanonicalTypes.INT64, bytes)),
              Optional.of(Scalar.of(CanonicalTypes.INT64, 2 * bytes)),
              true);
      return new Scan.DataFile(
          "file://" + path, bytes, bytes, Map.of(0, statistics), Map.of(), List.of(), 0);
    }
  }

  @BeforeEach
  void open() throws IOException {
    root = Files.createDirectory(folder.resolve("root"));
    connector = connect(Map.of("tables.logs", "logs/*.parquet"));
  }

  private Connector connect(Map<String, String> properties) {
    LocationPolicy locations = new LocationPolicy(root, List.of("."));
    ConnectorContext context =
        new ConnectorContext(root, locations, recorder, new MemoryStores(), Map.of());
    return new FilesConnectorFactory().create("files", properties, context);
  }

  private Path write(String name, String content) throws IOException {
    Path path = root.resolve(name);
    Files.createDirectories(path.getParent());
    Files.writeString(path, content);
    return age(path, 60);
  }

  private static Path age(Path path, int seconds) throws IOException {
    return Files.setLastModifiedTime(path, FileTime.from(Instant.now().minusSeconds(seconds)));
  }

  private Table read(String function, Map<String, Object> arguments) {
    Map<String, Scalar> scalars = new HashMap<>();
    arguments.forEach(
        (name, value) ->
            scalars.put(
                name,
                Scalar.of(
                    value instanceof Boolean ? CanonicalTypes.BOOL : CanonicalTypes.UTF8, value)));
    return connector.tableFunctions().stream()
        .filter(f -> f.name().equals(function))
        .findFirst()
        .orElseThrow()
        .apply(scalars);
  }

  @Test
  void configuredFoldersAreTables() throws IOException {
    write("logs/a.parquet", "12");
    write("logs/b.parquet", "1234");
    assertThat(connector.schemas()).containsExactly("main");
    assertThat(connector.tables("main")).extracting(TableListing::name).containsExactly("logs");
    Table table = connector.table("main", "logs").orElseThrow();
    assertThat(((Scan.Files) table.scan(List.of())).files()).hasSize(2);
    assertThat(table.statistics().rows()).hasValue(6);
    assertThat(table.statistics().columns().get(0).min())
        .contains(Scalar.of(CanonicalTypes.INT64, 2L));
    assertThat(table.statistics().columns().get(0).max())
        .contains(Scalar.of(CanonicalTypes.INT64, 8L));
    assertThat(connector.table("main", "other")).isEmpty();
  }

  @Test
  void formatFollowsTheExtension() throws IOException {
    for (String name : List.of("a.parquet", "a.CSV", "a.tsv.gz", "a.jsonl", "a.arrow")) {
      write(name, "x");
      read("READ_FILE", Map.of("path", name));
    }
    assertThat(recorder.formats)
        .containsExactly(
            FileFormat.PARQUET, FileFormat.CSV, FileFormat.CSV, FileFormat.JSON, FileFormat.ARROW);
    assertThat(recorder.options.get(2).delimiter()).isEqualTo("\t");
    assertThat(recorder.options.get(2).compression()).isEqualTo("gzip");
    assertCode(() -> read("READ_FILE", Map.of("path", "a.doc")), ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void csvOptionsArriveAndAreChecked() throws IOException {
    write("a.txt", "x");
    read(
        "READ_CSV",
        Map.of("path", "a.txt", "header", false, "sep", "|", "quote", "", "nullstr", "NA"));
    assertThat(recorder.options.getFirst())
        .isEqualTo(new FormatOptions(false, "|", "", "", "NA", "", ""));
    assertCode(
        () -> read("READ_CSV", Map.of("path", "a.txt", "delimiter", "||")),
        ErrorCode.INVALID_ARGUMENT);
    assertCode(
        () -> read("READ_CSV", Map.of("path", "a.txt", "delimiter", "")),
        ErrorCode.INVALID_ARGUMENT);
    assertCode(
        () -> read("READ_JSON", Map.of("path", "a.txt", "compression", "rar")),
        ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void changesAreSeenAndNothingElseIsLookedAtTwice() throws Exception {
    Path first = write("d/a.parquet", "1");
    Thread.sleep(150);
    Table one = read("READ_PARQUET", Map.of("path", "d/*.parquet"));
    assertThat(read("READ_PARQUET", Map.of("path", "d/*.parquet"))).isSameAs(one);
    assertThat(recorder.formats).hasSize(1);

    write("d/b.parquet", "1");
    Table two = read("READ_PARQUET", Map.of("path", "d/*.parquet"));
    assertThat(two.version()).isNotEqualTo(one.version());
    assertThat(((Scan.Files) two.scan(List.of())).files()).hasSize(2);

    Files.writeString(first, "2");
    read("READ_PARQUET", Map.of("path", "d/*.parquet"));
    read("READ_PARQUET", Map.of("path", "d/*.parquet"));
    // Just written: a second write within the clock's step would not show, so nothing is kept.
    assertThat(recorder.formats).hasSize(4);
  }

  @Test
  void foldersAreReadAsAWhole() throws IOException {
    write("d/x/a.parquet", "1");
    Table table = read("READ_PARQUET", Map.of("path", "d"));
    assertThat(((Scan.Files) table.scan(List.of())).files()).hasSize(1);
  }

  @Test
  void linksOutOfTheRootAreRefused() throws IOException {
    Path secret = folder.resolve("secret.parquet");
    Files.writeString(secret, "secret");
    Files.createDirectories(root.resolve("d"));
    Files.createSymbolicLink(root.resolve("d/link.parquet"), secret);
    assertCode(() -> read("READ_PARQUET", Map.of("path", "d/*.parquet")), ErrorCode.ACCESS_DENIED);
    assertCode(
        () -> read("READ_PARQUET", Map.of("path", "d/link.parquet")), ErrorCode.ACCESS_DENIED);
    assertCode(
        () -> read("READ_PARQUET", Map.of("path", "../secret.parquet")), ErrorCode.ACCESS_DENIED);
    assertCode(
        () -> read("READ_PARQUET", Map.of("path", "s3://bucket/x.parquet")),
        ErrorCode.ACCESS_DENIED);
  }

  @Test
  void unknownPropertiesAreRefused() {
    assertCode(() -> connect(Map.of("table.x", "y")), ErrorCode.INVALID_CONFIGURATION);
  }

  private static void assertCode(Runnable action, ErrorCode code) {
    assertThatThrownBy(action::run)
        .isInstanceOfSatisfying(
            KeldaException.class, e -> assertThat(e.code()).as(e.getMessage()).isEqualTo(code));
  }
}
