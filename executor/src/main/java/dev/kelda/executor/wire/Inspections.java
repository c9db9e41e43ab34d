package dev.kelda.executor.wire;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.proto.ColumnStatistics;
import dev.kelda.executor.proto.DataFile;
import dev.kelda.executor.proto.InspectFilesRequest;
import dev.kelda.executor.proto.InspectFilesResponse;
import dev.kelda.planner.proto.Literal;
import dev.kelda.spi.connector.FileInspector;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Scan;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** The {@link FileInspector} that connectors get: the native engine's. */
public final class Inspections implements FileInspector {
  private final Function<InspectFilesRequest, InspectFilesResponse> inspect;

  public Inspections(Function<InspectFilesRequest, InspectFilesResponse> inspect) {
    this.inspect = requireNonNull(inspect, "inspect is null");
  }

  @Override
  public Inspection inspect(
      Scan.FileFormat format, List<String> paths, Scan.FormatOptions options) {
    InspectFilesResponse response =
        inspect.apply(
            InspectFilesRequest.newBuilder()
                .setFormat(Scans.toProto(format))
                .addAllPaths(paths)
                .setOptions(Scans.toProto(options))
                .build());
    return new Inspection(
        Fields.schema(response.getColumnsList()),
        response.getFilesList().stream().map(Inspections::file).toList(),
        version(response));
  }

  // One digest: a folder may hold thousands of files.
  private static String version(InspectFilesResponse response) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
    for (int i = 0; i < response.getFilesCount(); i++) {
      String line = response.getFiles(i).getPath() + "@" + response.getVersions(i) + "\n";
      digest.update(line.getBytes(StandardCharsets.UTF_8));
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static Scan.DataFile file(DataFile file) {
    Map<Integer, Scan.FileColumnStatistics> statistics = new HashMap<>();
    for (ColumnStatistics column : file.getStatisticsList()) {
      statistics.put(
          column.getColumn(),
          new Scan.FileColumnStatistics(
              column.getNulls(),
              bound(column.hasMin(), column.getMin()),
              bound(column.hasMax(), column.getMax()),
              column.getExact()));
    }
    return new Scan.DataFile(
        file.getPath(),
        file.getBytes(),
        file.getRows(),
        statistics,
        Map.of(),
        List.of(),
        file.getDataSequenceNumber());
  }

  private static Optional<Scalar> bound(boolean known, Literal literal) {
    return known && literal.getValueCase() != Literal.ValueCase.NULL
        ? Optional.of(Literals.fromProto(literal))
        : Optional.empty();
  }
}
