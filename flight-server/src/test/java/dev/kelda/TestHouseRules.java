package dev.kelda;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The rules of docs/architecture.md that a build can check: who depends on whom, and the two files
 * of the border.
 */
final class TestHouseRules {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  /** Compile-time dependencies among our modules; what is not listed here is a breach. */
  private static final Map<String, Set<String>> ALLOWED =
      Map.ofEntries(
          entry("connectors/spi", Set.of()),
          entry("parser", Set.of("kelda-spi")),
          entry("planner", Set.of("kelda-parser", "kelda-spi")),
          entry("executor", Set.of("kelda-planner", "kelda-parser", "kelda-spi")),
          entry("connectors/files", Set.of("kelda-spi")),
          entry("connectors/iceberg", Set.of("kelda-spi")),
          entry("connectors/jdbc", Set.of("kelda-spi")),
          entry("ai-functions", Set.of("kelda-parser", "kelda-spi")),
          entry("feature-store", Set.of("kelda-parser", "kelda-planner", "kelda-spi")),
          entry("flight-server", Set.of("kelda-executor", "kelda-parser", "kelda-spi")),
          entry("jdbc-driver", Set.of()),
          entry("tpc-benchmarks", Set.of("kelda-jdbc-driver")));

  private static final Pattern MODULE = Pattern.compile("<module>([^<]+)</module>");
  private static final Pattern DEPENDENCY =
      Pattern.compile(
          "<dependency>\\s*<groupId>dev\\.kelda</groupId>\\s*<artifactId>([^<]+)</artifactId>\\s*"
              + "(?:<type>[^<]+</type>\\s*)?(?:<scope>([^<]+)</scope>)?");

  @Test
  void modulesDependOneWay() throws IOException {
    List<String> modules =
        MODULE
            .matcher(Files.readString(ROOT.resolve("pom.xml")))
            .results()
            .map(m -> m.group(1))
            .toList();
    assertThat(ALLOWED.keySet()).containsAll(modules);
    for (String module : modules) {
      Set<String> dependencies = new TreeSet<>();
      Matcher found = DEPENDENCY.matcher(Files.readString(ROOT.resolve(module).resolve("pom.xml")));
      while (found.find()) {
        if (found.group(2) == null) {
          dependencies.add(found.group(1));
        }
      }
      assertThat(ALLOWED.get(module)).as("dependencies of %s", module).containsAll(dependencies);
    }
  }

  @Test
  void nativeMethodsStandInOneClass() throws IOException {
    Pattern nativeMethod =
        Pattern.compile("(?m)^\\s*((public|private|protected|static|final)\\s+)*native\\s+\\w");
    assertThat(filesWith(".java", text -> nativeMethod.matcher(text).find()))
        .containsExactly("executor/src/main/java/dev/kelda/executor/bridge/NativeEngine.java");
  }

  @Test
  void externFunctionsStandInOneFile() throws IOException {
    assertThat(
            filesWith(
                ".rs", text -> text.contains("extern \"system\"") || text.contains("extern \"C\"")))
        .containsExactly("executor/native/src/border.rs");
  }

  @Test
  void nothingDeserialisesObjects() throws IOException {
    assertThat(filesWith(".java", text -> text.contains("ObjectInput" + "Stream"))).isEmpty();
  }

  private static List<String> filesWith(String suffix, Predicate<String> matches)
      throws IOException {
    try (Stream<Path> all = Files.walk(ROOT)) {
      return all.filter(path -> path.toString().endsWith(suffix))
          .filter(
              path ->
                  Stream.of("/target/", "/.git/", "/home/")
                      .noneMatch(path.toString().substring(ROOT.toString().length())::contains))
          .filter(path -> matches.test(read(path)))
          .map(path -> ROOT.relativize(path).toString())
          .sorted()
          .collect(Collectors.toList());
    }
  }

  private static String read(Path path) {
    try {
      return Files.readString(path);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
