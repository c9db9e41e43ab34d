package dev.kelda.spi.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A PostgreSQL of our own for the tests. It refuses to run as root; where no user namespace can be
 * had to pretend otherwise, it runs as nobody.
 */
public final class PostgresServer implements AutoCloseable {
  private static final String NOBODY = "65534";

  private final int port;
  private final AutoCloseable stop;

  private PostgresServer(int port, AutoCloseable stop) {
    this.port = port;
    this.stop = stop;
  }

  public static PostgresServer start() {
    try {
      EmbeddedPostgres server = EmbeddedPostgres.builder().setCleanDataDirectory(true).start();
      return new PostgresServer(server.getPort(), server);
    } catch (IOException | RuntimeException e) {
      if (!"root".equals(System.getProperty("user.name"))) {
        throw new IllegalStateException("PostgreSQL does not start", e);
      }
      return startAsNobody(e);
    }
  }

  // The failed attempt has unpacked the binaries.
  private static PostgresServer startAsNobody(Exception first) {
    try {
      Path unpacked = Path.of(System.getProperty("java.io.tmpdir"), "embedded-pg");
      Path bin;
      try (Stream<Path> walk = Files.walk(unpacked)) {
        bin =
            walk.filter(path -> path.endsWith("bin/postgres"))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("PostgreSQL does not start", first))
                .getParent();
      }
      Path home = Files.createTempDirectory("kelda-postgres");
      Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxrwxrwx"));
      run(asNobody(
              bin.resolve("initdb"),
              "-A",
              "trust",
              "-U",
              "postgres",
              "-E",
              "UTF-8",
              "-D",
              home + "/data"))
          .waitFor();
      int port = freePort();
      Process server =
          run(
              asNobody(
                  bin.resolve("postgres"),
                  "-D",
                  home + "/data",
                  "-p",
                  "" + port,
                  "-k",
                  home.toString(),
                  "-h",
                  "localhost",
                  "-F"));
      awaitReady(port, server);
      return new PostgresServer(
          port,
          () -> {
            server.destroy();
            server.waitFor(10, TimeUnit.SECONDS);
            delete(home);
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<String> asNobody(Path program, String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups"));
    command.add(program.toString());
    command.addAll(List.of(arguments));
    return command;
  }

  private static Process run(List<String> command) throws IOException {
    return new ProcessBuilder(command)
        .directory(new File("/"))
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static void awaitReady(int port, Process server) throws InterruptedException {
    for (int attempt = 0; attempt < 100 && server.isAlive(); attempt++) {
      try {
        DriverManager.getConnection(
                "jdbc:postgresql://localhost:" + port + "/postgres", "postgres", "")
            .close();
        return;
      } catch (SQLException notYet) {
        Thread.sleep(200);
      }
    }
    throw new IllegalStateException("PostgreSQL did not become ready");
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> walk = Files.walk(folder)) {
      for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  /** {@code postgresql://HOST:PORT/DATABASE}; the user is postgres, without a password. */
  public String url() {
    return "postgresql://localhost:" + port + "/postgres";
  }

  public void execute(String... statements) {
    try (var connection = DriverManager.getConnection("jdbc:" + url(), "postgres", "");
        var statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    try {
      stop.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
