package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;
import org.apache.iceberg.BaseTable;
import org.apache.iceberg.io.FileInfo;
import org.apache.iceberg.io.InputFile;
import org.apache.iceberg.io.SeekableInputStream;

/**
 * {@code READ_ICEBERG('folder')}: a table without a catalog, as Hadoop tables are, at its newest
 * version; or at the version of a metadata file that is named.
 */
record TableByPath(MetadataFiles files, Locations locations) implements TableFunction {
  private static final Pattern METADATA = Pattern.compile(".*/v?(\\d+)[^/]*\\.metadata\\.json");
  private static final int MAX_HINT_BYTES = 32;

  @Override
  public String name() {
    return "READ_ICEBERG";
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(new Parameter("path", CanonicalTypes.UTF8, true));
  }

  @Override
  public String description() {
    return "The rows of an Iceberg table by its folder or metadata file.";
  }

  @Override
  public Table apply(Map<String, Scalar> arguments) {
    String given = arguments.get("path").value().map(Object::toString).orElse("");
    String path = Locations.url(given.replaceAll("/+$", ""));
    locations.requireReadable(path);
    return IcebergErrors.translating(path, () -> load(path));
  }

  private Table load(String path) {
    String metadata = path.endsWith(".metadata.json") ? path : newest(path);
    BaseTable table = files.table(metadata, path);
    return new IcebergTable(
        path,
        table,
        Optional.ofNullable(table.currentSnapshot()),
        table.schema(),
        metadata,
        locations,
        Optional.empty());
  }

  // The version hint of Hadoop tables where there is one, else the highest number.
  private String newest(String path) {
    List<FileInfo> found =
        StreamSupport.stream(files.io().listPrefix(path + "/metadata/").spliterator(), false)
            .toList();
    Optional<String> hint =
        found.stream()
            .map(FileInfo::location)
            .filter(file -> file.endsWith("/version-hint.text"))
            .findFirst()
            .map(this::text);
    return found.stream()
        .map(FileInfo::location)
        .filter(file -> version(file).isPresent())
        .filter(file -> hint.isEmpty() || version(file).equals(hint))
        .max(Comparator.comparingLong(file -> Long.parseLong(version(file).orElseThrow())))
        .orElseThrow(
            () ->
                new KeldaException(
                    ErrorCode.FILE_NOT_FOUND, "'" + path + "' holds no Iceberg table"));
  }

  private static Optional<String> version(String file) {
    Matcher matcher = METADATA.matcher(file);
    return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  private String text(String location) {
    InputFile file = files.io().newInputFile(location);
    try (SeekableInputStream stream = file.newStream()) {
      return new String(stream.readNBytes(MAX_HINT_BYTES), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + location, e);
    }
  }
}
