package dev.kelda.connector.iceberg;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.TreeMap;
import org.apache.iceberg.deletes.Deletes;
import org.apache.iceberg.deletes.PositionDeleteIndex;
import org.apache.iceberg.io.CloseableIterable;

/** The rows that a change takes out, by the number of their file. */
final class TakenRows {
  private final String name;
  private final Map<Integer, PositionDeleteIndex> byFile = new TreeMap<>();

  TakenRows(String name) {
    this.name = name;
  }

  void add(int file, long[] positions) {
    PositionDeleteIndex taken =
        byFile.computeIfAbsent(
            file, number -> Deletes.toPositionIndex(CloseableIterable.<Long>empty()));
    for (long position : positions) {
      if (taken.isDeleted(position)) {
        throw new KeldaException(
            ErrorCode.MORE_THAN_ONE_ROW,
            "a row of "
                + name
                + " matches more than one row of the source; a MERGE changes each row at most once");
      }
      taken.delete(position);
    }
  }

  Map<Integer, PositionDeleteIndex> byFile() {
    return byFile;
  }

  static byte[] blob(PositionDeleteIndex rows) {
    ByteBuffer buffer = rows.serialize();
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }
}
