package dev.kelda.server.config;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.tomlj.TomlArray;
import org.tomlj.TomlTable;

/**
 * One table of the configuration file, read with errors that name file, key and nearest key. A text
 * {@code $NAME} stands for the environment variable; {@code $$} for a dollar sign.
 */
final class TomlSection {
  private final String file;
  private final String path;
  private final TomlTable table;
  private final UnaryOperator<String> environment;

  TomlSection(String file, String path, TomlTable table, UnaryOperator<String> environment) {
    this.file = file;
    this.path = path;
    this.table = table;
    this.environment = environment;
  }

  Set<String> keys() {
    return table.keySet();
  }

  void allow(String... known) {
    for (String key : table.keySet()) {
      if (!List.of(known).contains(key)) {
        throw error("unknown key '" + full(key) + "'" + NearestKey.hint(key, List.of(known)));
      }
    }
  }

  Optional<TomlSection> section(String key) {
    return switch (table.get(List.of(key))) {
      case null -> Optional.empty();
      case TomlTable inner -> Optional.of(new TomlSection(file, full(key), inner, environment));
      case Object other -> throw expected(key, "a table");
    };
  }

  List<TomlSection> sections(String key) {
    return switch (table.get(List.of(key))) {
      case null -> List.of();
      case TomlArray array -> {
        List<TomlSection> all = new ArrayList<>();
        for (Object element : array.toList()) {
          if (!(element instanceof TomlTable inner)) {
            throw expected(key, "a list of tables: [[" + full(key) + "]]");
          }
          all.add(new TomlSection(file, full(key), inner, environment));
        }
        yield all;
      }
      case Object other -> throw expected(key, "a list of tables: [[" + full(key) + "]]");
    };
  }

  Optional<String> text(String key) {
    return switch (table.get(List.of(key))) {
      case null -> Optional.empty();
      case String value -> Optional.of(expand(key, value));
      case Object other -> throw expected(key, "a text in quotes");
    };
  }

  Optional<Integer> integer(String key, int least, int most) {
    return switch (table.get(List.of(key))) {
      case null -> Optional.empty();
      case Long value when value >= least && value <= most -> Optional.of(value.intValue());
      case Object other -> throw expected(key, "an integer from " + least + " to " + most);
    };
  }

  Optional<Boolean> flag(String key) {
    return switch (table.get(List.of(key))) {
      case null -> Optional.empty();
      case Boolean value -> Optional.of(value);
      case Object other -> throw expected(key, "true or false");
    };
  }

  List<String> texts(String key) {
    return switch (table.get(List.of(key))) {
      case null -> List.of();
      case TomlArray array when array.toList().stream().allMatch(String.class::isInstance) ->
          array.toList().stream().map(value -> expand(key, (String) value)).toList();
      case Object other -> throw expected(key, "a list of texts");
    };
  }

  /** Every scalar of the table as text. */
  Map<String, String> allTexts() {
    Map<String, String> all = new LinkedHashMap<>();
    for (String key : table.keySet()) {
      all.put(
          key,
          switch (table.get(List.of(key))) {
            case String value -> expand(key, value);
            case Long value -> value.toString();
            case Double value -> value.toString();
            case Boolean value -> value.toString();
            case null, default -> throw expected(key, "a text, a number, true or false");
          });
    }
    return all;
  }

  KeldaException expected(String key, String what) {
    return error("'" + full(key) + "' must be " + what);
  }

  KeldaException error(String message) {
    return new KeldaException(ErrorCode.INVALID_CONFIGURATION, file + ": " + message);
  }

  private String expand(String key, String value) {
    if (value.startsWith("$$")) {
      return value.substring(1);
    }
    if (!value.matches("\\$[A-Za-z_][A-Za-z0-9_]*")) {
      return value;
    }
    String resolved = environment.apply(value.substring(1));
    if (resolved == null) {
      throw error("'" + full(key) + "' needs the environment variable " + value.substring(1));
    }
    return resolved;
  }

  private String full(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }
}
