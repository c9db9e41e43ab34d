package dev.kelda.parser;

import static java.util.Objects.requireNonNull;

/** A value in {@code WITH (...)}. A secret is only named in SQL; the server holds its value. */
public sealed interface OptionValue {
  record Text(String value) implements OptionValue {
    public Text {
      requireNonNull(value, "value is null");
    }
  }

  /** {@code SECRET 'name'}. */
  record Secret(String name) implements OptionValue {
    public Secret {
      requireNonNull(name, "name is null");
    }
  }
}
