package dev.kelda.cli.sql;

import static java.util.Objects.requireNonNull;

import dev.kelda.cli.format.Layout;
import dev.kelda.cli.format.OutputFormat;
import dev.kelda.cli.format.ResultWriter;
import dev.kelda.cli.format.Rows;
import dev.kelda.parser.SqlText;
import dev.kelda.spi.error.KeldaException;
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;

/**
 * Runs statements one after the other, each when its last line has been read; results to standard
 * output. Stops at the first error.
 */
public final class SqlScript {
  private static final int ALL_ROWS = 100_000;

  private final SqlClient client;
  private final OutputFormat format;
  private final int maxRows;
  private final boolean timing;

  /** With {@code timing} the seconds of each statement go to standard error. */
  public SqlScript(
      SqlClient client, OutputFormat format, Optional<Integer> maxRows, boolean timing) {
    this.client = requireNonNull(client, "client is null");
    this.format = requireNonNull(format, "format is null");
    this.maxRows = maxRows.orElse(ALL_ROWS);
    this.timing = timing;
  }

  /** The exit code. */
  public int run(BufferedReader script) throws IOException {
    StringBuilder pending = new StringBuilder();
    for (String line = script.readLine(); line != null; line = script.readLine()) {
      pending.append(line).append('\n');
      if (line.indexOf(';') >= 0 && SqlText.isComplete(pending.toString())) {
        int code = run(pending.toString());
        if (code != 0) {
          return code;
        }
        pending.setLength(0);
      }
    }
    return run(pending.toString());
  }

  private int run(String statements) throws IOException {
    OutputStream out = new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16);
    ResultWriter writer = format.writer(new Layout(Integer.MAX_VALUE, maxRows, false));
    String current = statements;
    try {
      for (String sql : SqlText.split(statements)) {
        current = sql;
        long start = System.nanoTime();
        try (Rows rows = client.run(sql)) {
          writer.write(rows, out);
        }
        if (timing) {
          out.flush();
          System.err.println("%.3f s".formatted((System.nanoTime() - start) / 1e9));
        }
      }
      return 0;
    } catch (KeldaException e) {
      out.flush();
      System.err.println(ErrorText.of(e, current));
      return 1;
    } finally {
      out.flush();
    }
  }
}
