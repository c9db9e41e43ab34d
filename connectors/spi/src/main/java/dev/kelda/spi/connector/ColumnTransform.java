package dev.kelda.spi.connector;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A value made of one column, to partition or sort by: {@code day(ts)}, {@code bucket(16, id)}.
 *
 * @param column path of the column: its name, and those of fields within it
 * @param parameter buckets of BUCKET, width of TRUNCATE; 0 for the others
 */
public record ColumnTransform(Function function, List<String> column, int parameter) {
  public ColumnTransform {
    requireNonNull(function, "function is null");
    column = List.copyOf(column);
    if (column.isEmpty()) {
      throw new IllegalArgumentException("a transform has a column");
    }
    if (parameter < 0 || (parameter > 0) != function.hasParameter()) {
      throw new IllegalArgumentException(function + " with parameter " + parameter);
    }
  }

  public static ColumnTransform identity(List<String> column) {
    return new ColumnTransform(Function.IDENTITY, column, 0);
  }

  /** As Iceberg's specification defines them. */
  public enum Function {
    IDENTITY,
    YEAR,
    MONTH,
    DAY,
    HOUR,
    BUCKET,
    TRUNCATE;

    public boolean hasParameter() {
      return this == BUCKET || this == TRUNCATE;
    }

    /** By its name in SQL, also in the plural. */
    public static Optional<Function> named(String name) {
      String upper = name.toUpperCase(Locale.ROOT);
      for (Function function : values()) {
        if (function.name().equals(upper) || upper.equals(function.name() + "S")) {
          return Optional.of(function);
        }
      }
      return Optional.empty();
    }
  }

  /** As it is written in SQL. */
  @Override
  public String toString() {
    String path = String.join(".", column);
    return switch (function) {
      case IDENTITY -> path;
      case YEAR, MONTH, DAY, HOUR -> function.name().toLowerCase(Locale.ROOT) + "(" + path + ")";
      case BUCKET, TRUNCATE ->
          function.name().toLowerCase(Locale.ROOT) + "(" + parameter + ", " + path + ")";
    };
  }
}
