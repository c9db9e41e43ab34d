package dev.kelda.planner.function;

import dev.kelda.planner.function.FunctionInfo.Evaluated;
import dev.kelda.planner.function.FunctionInfo.Kind;
import dev.kelda.planner.function.FunctionInfo.Nulls;
import dev.kelda.planner.function.FunctionInfo.TestVector;
import dev.kelda.planner.function.FunctionInfo.Volatility;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** Reads {@code kelda/functions.yaml}; its head explains the keys. A key it does not know fails. */
final class RegistryFile {
  private static final String RESOURCE = "/kelda/functions.yaml";
  private static final Set<String> KEYS =
      Set.of(
          "id",
          "names",
          "kind",
          "category",
          "signatures",
          "syntax",
          "calcite",
          "volatility",
          "nulls",
          "evaluated",
          "ordered",
          "description",
          "differs",
          "vectors");
  private static final Set<String> VECTOR_KEYS = Set.of("sql", "result", "type", "error", "duckdb");

  private RegistryFile() {}

  static List<FunctionInfo> read() {
    try (InputStream stream = RegistryFile.class.getResourceAsStream(RESOURCE)) {
      LoaderOptions options = new LoaderOptions();
      options.setCodePointLimit(16 << 20);
      List<Map<String, Object>> entries = new Yaml(new SafeConstructor(options)).load(stream);
      return entries.stream().map(RegistryFile::function).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static FunctionInfo function(Map<String, Object> entry) {
    try {
      refuseUnknown(entry, KEYS);
      return new FunctionInfo(
          required(entry, "id"),
          texts(entry, "names").stream().map(n -> n.toUpperCase(Locale.ROOT)).toList(),
          Kind.valueOf(text(entry, "kind").orElse("scalar").toUpperCase(Locale.ROOT)),
          required(entry, "category"),
          texts(entry, "signatures").stream().map(Signature::parse).toList(),
          text(entry, "syntax"),
          texts(entry, "calcite"),
          Volatility.valueOf(
              text(entry, "volatility").orElse("immutable").toUpperCase(Locale.ROOT)),
          Nulls.valueOf(text(entry, "nulls").orElse("propagate").toUpperCase(Locale.ROOT)),
          Evaluated.valueOf(required(entry, "evaluated").toUpperCase(Locale.ROOT)),
          Boolean.TRUE.equals(entry.get("ordered")),
          required(entry, "description").strip(),
          text(entry, "differs"),
          vectors(entry));
    } catch (RuntimeException e) {
      throw new IllegalStateException("functions.yaml: " + entry.get("id") + ": " + e, e);
    }
  }

  @SuppressWarnings("unchecked")
  private static List<TestVector> vectors(Map<String, Object> entry) {
    List<Map<String, Object>> vectors =
        (List<Map<String, Object>>) entry.getOrDefault("vectors", List.of());
    return vectors.stream()
        .map(
            vector -> {
              refuseUnknown(vector, VECTOR_KEYS);
              return new TestVector(
                  required(vector, "sql"),
                  text(vector, "result"),
                  text(vector, "type"),
                  text(vector, "error"),
                  text(vector, "duckdb"));
            })
        .toList();
  }

  private static void refuseUnknown(Map<String, Object> entry, Set<String> keys) {
    for (String key : entry.keySet()) {
      if (!keys.contains(key)) {
        throw new IllegalArgumentException("unknown key '" + key + "'");
      }
    }
  }

  private static List<String> texts(Map<String, Object> entry, String key) {
    return ((List<?>) entry.getOrDefault(key, List.of())).stream().map(String::valueOf).toList();
  }

  private static Optional<String> text(Map<String, Object> entry, String key) {
    return Optional.ofNullable(entry.get(key)).map(String::valueOf);
  }

  private static String required(Map<String, Object> entry, String key) {
    return text(entry, key)
        .orElseThrow(() -> new IllegalArgumentException("'" + key + "' is missing"));
  }
}
