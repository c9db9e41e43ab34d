package dev.kelda.cli;

import dev.kelda.cli.format.OutputFormat;
import dev.kelda.cli.sql.EmbeddedClient;
import dev.kelda.cli.sql.RemoteClient;
import dev.kelda.cli.sql.SqlClient;
import dev.kelda.cli.sql.SqlConsole;
import dev.kelda.cli.sql.SqlScript;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
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
      description = "table, csv, json or arrow (default: table).",
      defaultValue = "table")
  private OutputFormat format;

  @Option(
      names = "--max-rows",
      paramLabel = "N",
      description = "Rows a table shows before it leaves out the middle (40 at a terminal).")
  private Integer maxRows;

  @Override
  public Integer call() throws IOException {
    Logging.start(Level.WARNING);
    boolean interactive =
        statements.isEmpty()
            && file == null
            && System.console() != null
            && System.console().isTerminal();
    Optional<String> script = interactive ? Optional.empty() : Optional.of(script());
    try (SqlClient client = client()) {
      return script.isPresent()
          ? new SqlScript(client, format, Optional.ofNullable(maxRows)).run(script.get())
          : new SqlConsole(client, format, Optional.ofNullable(maxRows)).run();
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
    return EmbeddedClient.open(engine.configuration().engine(), System.getProperty("user.name"));
  }

  private String script() throws IOException {
    if (!statements.isEmpty()) {
      return String.join(";\n", statements);
    }
    try {
      return file == null
          ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
          : Files.readString(file);
    } catch (java.nio.file.NoSuchFileException e) {
      throw new KeldaException(ErrorCode.FILE_NOT_FOUND, "no script '" + file + "'", e);
    }
  }
}
