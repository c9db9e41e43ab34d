package dev.kelda.connector.iceberg;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.iceberg.Metrics;
import org.apache.iceberg.MetricsConfig;
import org.apache.iceberg.io.InputFile;
import org.apache.iceberg.io.SeekableInputStream;
import org.apache.iceberg.mapping.NameMapping;
import org.apache.iceberg.parquet.ParquetUtil;
import org.apache.parquet.format.Util;
import org.apache.parquet.format.converter.ParquetMetadataConverter;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;

/**
 * The footer of a Parquet file. Read by hand, because Parquet's own file reader needs Hadoop's
 * configuration classes; what is used of parquet-hadoop here does not.
 */
record ParquetFooter(ParquetMetadata metadata) {
  private static final int TAIL = 8;
  private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);

  /**
   * @throws KeldaException INVALID_FILE for what is no Parquet file
   */
  static ParquetFooter read(InputFile file) {
    try (SeekableInputStream stream = file.newStream()) {
      long length = file.getLength();
      ByteBuffer tail =
          ByteBuffer.wrap(read(file, stream, length - TAIL, TAIL)).order(ByteOrder.LITTLE_ENDIAN);
      int size = tail.getInt(0);
      if (!Arrays.equals(tail.array(), 4, TAIL, MAGIC, 0, 4) || size <= 0 || size > length - TAIL) {
        throw invalid(file);
      }
      byte[] footer = read(file, stream, length - TAIL - size, size);
      int limit = Math.max(16 * size, 1 << 24);
      return new ParquetFooter(
          new ParquetMetadataConverter()
              .fromParquetMetadata(Util.readFileMetaData(new ByteArrayInputStream(footer), limit)));
    } catch (IOException e) {
      throw new KeldaException(
          ErrorCode.STORAGE_ERROR, "cannot read " + file.location() + ": " + e.getMessage(), e);
    }
  }

  private static byte[] read(InputFile file, SeekableInputStream stream, long position, int length)
      throws IOException {
    if (position < 0) {
      throw invalid(file);
    }
    stream.seek(position);
    return stream.readNBytes(length);
  }

  private static KeldaException invalid(InputFile file) {
    return new KeldaException(
        ErrorCode.INVALID_FILE, file.location() + " is not a complete Parquet file");
  }

  Metrics metrics(MetricsConfig config) {
    return ParquetUtil.footerMetrics(metadata, Stream.empty(), config);
  }

  /** For files without field ids. */
  Metrics metrics(MetricsConfig config, NameMapping mapping) {
    return ParquetUtil.footerMetrics(metadata, Stream.empty(), config, mapping);
  }

  List<Long> splitOffsets() {
    return ParquetUtil.getSplitOffsets(metadata);
  }
}
