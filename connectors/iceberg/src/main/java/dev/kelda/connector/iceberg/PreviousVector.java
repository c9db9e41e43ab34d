package dev.kelda.connector.iceberg;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.Table;
import org.apache.iceberg.deletes.PositionDeleteIndex;
import org.apache.iceberg.io.IOUtil;
import org.apache.iceberg.io.SeekableInputStream;

/** The deletion vector that a data file has: a new one takes its place and must hold it too. */
final class PreviousVector {
  private PreviousVector() {}

  static PositionDeleteIndex of(Table table, FileScanTask task) {
    for (DeleteFile file : task.deletes()) {
      if (file.format() == FileFormat.PUFFIN) {
        return read(table, file);
      }
    }
    return PositionDeleteIndex.empty();
  }

  private static PositionDeleteIndex read(Table table, DeleteFile file) {
    byte[] blob = new byte[Math.toIntExact(file.contentSizeInBytes())];
    try (SeekableInputStream stream = table.io().newInputFile(file.location()).newStream()) {
      stream.seek(file.contentOffset());
      IOUtil.readFully(stream, blob, 0, blob.length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return PositionDeleteIndex.deserialize(blob, file);
  }
}
