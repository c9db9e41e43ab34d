package dev.kelda.cli.sql;

import static java.util.Objects.requireNonNull;

import dev.kelda.cli.format.Layout;
import dev.kelda.cli.format.OutputFormat;
import dev.kelda.cli.format.ResultWriter;
import dev.kelda.cli.format.Rows;
import dev.kelda.parser.SqlText;
import dev.kelda.spi.error.KeldaException;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;

/** Runs statements one after the other, results to standard output; stops at the first error. */
public final class SqlScript {
  private static final int ALL_ROWS = 100_000;

  private final SqlClient client;
  private final OutputFormat format;
  private final int maxRows;

  public SqlScript(SqlClient client, OutputFormat format, Optional<Integer> maxRows) {
    this.client = requireNonNull(client, "client is null");
    this.format = requireNonNull(format, "format is null");
    this.maxRows = maxRows.orElse(ALL_ROWS);
  }

  /** The exit code. */
  public int run(String script) throws IOException {
    OutputStream out = new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16);
    ResultWriter writer = format.writer(new Layout(Integer.MAX_VALUE, maxRows, false));
    String current = script;
    try {
      for (String sql : SqlText.split(script)) {
        current = sql;
        try (Rows rows = client.run(sql)) {
          writer.write(rows, out);
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
