package dev.kelda.cli.format;

import java.io.IOException;
import java.io.OutputStream;

/** Writes one result in one format; keeps at most what it shows in memory. */
public interface ResultWriter {
  /** Does not close the stream. */
  void write(Rows rows, OutputStream out) throws IOException;
}
