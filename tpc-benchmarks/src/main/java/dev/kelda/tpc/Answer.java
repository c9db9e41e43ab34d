package dev.kelda.tpc;

import static java.util.Objects.requireNonNull;

import java.math.BigDecimal;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The rows of one statement as engines with different drivers would both write them. */
record Answer(List<List<String>> rows) {
  private static final double TOLERANCE = 1e-9;
  private static final String DOUBLE = "double ";

  Answer {
    rows = List.copyOf(requireNonNull(rows, "rows is null"));
  }

  /** Reads to the end. */
  static Answer of(ResultSet result) throws SQLException {
    int width = result.getMetaData().getColumnCount();
    List<List<String>> rows = new ArrayList<>();
    while (result.next()) {
      List<String> row = new ArrayList<>(width);
      for (int i = 1; i <= width; i++) {
        row.add(text(result.getObject(i)));
      }
      rows.add(List.copyOf(row));
    }
    return new Answer(rows);
  }

  private static String text(Object value) {
    return switch (value) {
      case null -> "NULL";
      case Double number -> DOUBLE + number;
      case Float number -> DOUBLE + number.doubleValue();
      case BigDecimal number when number.signum() == 0 -> "0";
      case BigDecimal number -> number.stripTrailingZeros().toPlainString();
      case Number number -> new BigDecimal(number.toString()).stripTrailingZeros().toPlainString();
      default -> value.toString();
    };
  }

  /** What differs first, whatever the order of the rows; doubles may differ by one in 10^9. */
  Optional<String> difference(Answer other) {
    if (rows.size() != other.rows.size()) {
      return Optional.of(rows.size() + " rows beside " + other.rows.size());
    }
    List<List<String>> ours = sorted();
    List<List<String>> theirs = other.sorted();
    for (int i = 0; i < ours.size(); i++) {
      if (!same(ours.get(i), theirs.get(i))) {
        return Optional.of("row " + i + ": " + ours.get(i) + " beside " + theirs.get(i));
      }
    }
    return Optional.empty();
  }

  private List<List<String>> sorted() {
    Comparator<List<String>> order = Comparator.comparing(Answer::sortKey);
    return rows.stream().sorted(order).toList();
  }

  private static String sortKey(List<String> row) {
    StringBuilder key = new StringBuilder();
    for (String value : row) {
      key.append(value.startsWith(DOUBLE) ? rounded(value) : value).append('\n');
    }
    return key.toString();
  }

  private static String rounded(String value) {
    return String.format(Locale.ROOT, "%.7e", number(value));
  }

  private static boolean same(List<String> left, List<String> right) {
    if (left.size() != right.size()) {
      return false;
    }
    for (int i = 0; i < left.size(); i++) {
      if (!left.get(i).equals(right.get(i)) && !close(left.get(i), right.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static boolean close(String left, String right) {
    if (!left.startsWith(DOUBLE) || !right.startsWith(DOUBLE)) {
      return false;
    }
    double a = number(left);
    double b = number(right);
    return Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
  }

  private static double number(String value) {
    return Double.parseDouble(value.substring(DOUBLE.length()));
  }
}
