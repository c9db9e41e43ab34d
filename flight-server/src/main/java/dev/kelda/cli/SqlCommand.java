package dev.kelda.cli;

import dev.kelda.cli.format.OutputFormat;
import dev.kelda.cli.sql.EmbeddedClient;
import dev.kelda.cli.sql.RemoteClient;
import dev.kelda.cli.sql.SqlClient;
import dev.kelda.cli.sql.SqlConsole;
import dev.kelda.cli.sql.SqlScript;
import dev.kelda.executor.EngineConfig;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A console when at a terminal, else a script: {@code -e}, {@code -f} or standard input. */
@Command(
    name = "sql",
    description = "Run SQL, in this process or on a server.",
    mixinStandardHelpOptions = true)
final class SqlCommand implements Callable<Integer> {
  @Mixin private EngineOptions engine;

  @Option(names = "-e", paramLabel = "SQL", description = "Statements to run; repeatable.")
  private List<String> statements = List.of();

  @Option(names = "-f", paramLabel = "FILE", description = "A script to run.")
  private Path file;

  @Option(
      names = "--uri",
      description = "A server: grpc://host:port or grpc+tls://host:port; else in this process.")
  private String uri;

  @Option(names = "--user", description = "User name; the password comes from $KELDA_PASSWORD.")
  private String user;

  @Option(
      names = "--tls-roots",
      paramLabel = "FILE",
      description = "PEM file of the certificates to trust (default: the JVM's).")
  private Path tlsRoots;

  @Option(
      names = "--format",
      description = "table, csv, json, arrow, or none, which only counts (default: table).",
      defaultValue = "table")
  private OutputFormat format;

  @Option(
      names = "--max-rows",
      paramLabel = "N",
      description = "Rows a table shows before it leaves out the middle (40 at a terminal).")
  private Integer maxRows;

  @Option(names = "--timing", description = "The time of each statement, to standard error.")
  private boolean timing;

  @Override
  public Integer call() throws IOException {
    Logging.start(Level.WARNING);
    boolean interactive =
        statements.isEmpty()
            && file == null
            && System.console() != null
            && System.console().isTerminal();
    try (BufferedReader script = interactive ? null : script();
        SqlClient client = client()) {
      return interactive
          ? new SqlConsole(client, format, Optional.ofNullable(maxRows)).run()
          : new SqlScript(client, format, Optional.ofNullable(maxRows), timing).run(script);
    }
  }

  private SqlClient client() {
    if (uri != null) {
      return RemoteClient.connect(
          uri,
          Optional.ofNullable(user),
          Optional.ofNullable(System.getenv("KELDA_PASSWORD")),
          Optional.ofNullable(tlsRoots));
    }
    EngineConfig config = engine.configuration().engine();
    LibraryFolder.below(config.home());
    return EmbeddedClient.open(config, System.getProperty("user.name"));
  }

  private BufferedReader script() throws IOException {
    if (!statements.isEmpty()) {
      return new BufferedReader(new StringReader(String.join(";\n", statements)));
    }
    try {
      return file == null
          ? new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))
          : Files.newBufferedReader(file);
    } catch (java.nio.file.NoSuchFileException e) {
      throw new KeldaException(ErrorCode.FILE_NOT_FOUND, "no script '" + file + "'", e);
    }
  }
}
