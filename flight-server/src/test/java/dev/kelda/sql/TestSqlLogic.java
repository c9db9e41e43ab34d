package dev.kelda.sql;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kelda.executor.EngineConfig;
import dev.kelda.executor.QueryEngine;
import dev.kelda.server.KeldaServer;
import dev.kelda.server.config.Configuration;
import dev.kelda.server.config.ServerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every file below tests/sql, in-process and over JDBC, each on an empty home.
 *
 * <p>{@code -Dslt.file=joins/inner.slt} runs one file, {@code joins/} those of a folder; {@code
 * -Dslt.complete=true} rewrites it with what the engine answers.
 */
final class TestSqlLogic {
  private static final Path ROOT = Path.of("..", "tests", "sql").toAbsolutePath().normalize();

  @TempDir Path scratch;

  @TestFactory
  Stream<DynamicTest> inProcess() throws IOException {
    return files().map(path -> DynamicTest.dynamicTest(name(path), () -> runInProcess(path)));
  }

  @TestFactory
  Stream<DynamicTest> overJdbc() throws IOException {
    return files().map(path -> DynamicTest.dynamicTest(name(path), () -> runOverJdbc(path)));
  }

  private void runInProcess(Path path) throws Exception {
    Path home = home(path, "in-process");
    try (QueryEngine engine = QueryEngine.open(config(home));
        InProcess connection = new InProcess(engine)) {
      SltRun run = new SltRun(SltFile.read(path), connection, variables(home));
      if (Boolean.getBoolean("slt.complete")) {
        run.complete();
      } else {
        assertThat(String.join("\n\n", run.differences())).isEmpty();
      }
    }
  }

  private void runOverJdbc(Path path) throws Exception {
    Path home = home(path, "over-jdbc");
    Configuration configuration =
        new Configuration(config(home), ServerConfig.DEFAULT.withAddress("127.0.0.1", 0, -1));
    try (KeldaServer server = KeldaServer.start(configuration);
        OverJdbc connection = new OverJdbc(server.flightPort())) {
      List<String> differences =
          new SltRun(SltFile.read(path), connection, variables(home)).differences();
      assertThat(String.join("\n\n", differences)).isEmpty();
    }
  }

  private static EngineConfig config(Path home) {
    return EngineConfig.of(home)
        .withThreads(2)
        .withMemoryBytes(1L << 30)
        .withAllowedLocations(
            List.of(ROOT.resolve("data").toString(), home.resolveSibling("out").toString()));
  }

  private static Map<String, String> variables(Path home) {
    return Map.of(
        "HOME", home.toString(),
        "DATA", ROOT.resolve("data").toString(),
        "OUT", home.resolveSibling("out").toString());
  }

  private Path home(Path path, String way) throws IOException {
    return Files.createDirectories(scratch.resolve(way).resolve(name(path)));
  }

  private static String name(Path path) {
    return ROOT.relativize(path).toString();
  }

  private static Stream<Path> files() throws IOException {
    String only = System.getProperty("slt.file", "");
    try (Stream<Path> all = Files.walk(ROOT)) {
      return all
          .filter(path -> path.toString().endsWith(".slt"))
          .filter(path -> name(path).startsWith(only))
          .sorted()
          .toList()
          .stream();
    }
  }
}
