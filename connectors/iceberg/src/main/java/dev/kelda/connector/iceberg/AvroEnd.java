package dev.kelda.connector.iceberg;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;

/**
 * Tells a manifest or manifest list that was cut off. Avro's reader takes a block that is not whole
 * for the end of the file: a table would seem to have lost its rows, and the next commit would make
 * that true.
 */
final class AvroEnd {
  private static final int MAGIC = 4;
  private static final int MARKER = 16;

  private AvroEnd() {}

  /**
   * Leaves the channel at its beginning; closes it when it throws.
   *
   * @throws KeldaException INVALID_FILE
   */
  static void check(FileChannel channel, String location) throws IOException {
    if (!isWhole(channel)) {
      long size = channel.size();
      channel.close();
      throw new KeldaException(
          ErrorCode.INVALID_FILE,
          "the file " + location + " is damaged: what its " + size + " bytes begin has no end");
    }
    channel.position(0);
  }

  // The header ends with sixteen random bytes, and so does every block.
  private static boolean isWhole(FileChannel channel) {
    byte[] marker = new byte[MARKER];
    byte[] end = new byte[MARKER];
    try {
      BinaryDecoder header =
          DecoderFactory.get()
              .directBinaryDecoder(new BufferedInputStream(Channels.newInputStream(channel)), null);
      header.readFixed(new byte[MAGIC]);
      for (long left = header.readMapStart(); left > 0; left = header.mapNext()) {
        for (long entry = 0; entry < left; entry++) {
          header.skipString();
          header.skipBytes();
        }
      }
      header.readFixed(marker);
      channel.read(ByteBuffer.wrap(end), channel.size() - MARKER);
    } catch (IOException | AvroRuntimeException e) {
      return false;
    }
    return Arrays.equals(marker, end);
  }
}
