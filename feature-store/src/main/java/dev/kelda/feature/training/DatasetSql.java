package dev.kelda.feature.training;

import static java.util.stream.Collectors.joining;

import dev.kelda.feature.online.OnlineView;
import dev.kelda.feature.training.Dataset.Part;
import dev.kelda.feature.training.Dataset.Parts;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/** The statements of a dataset, as text. */
record DatasetSql(Dataset dataset) {
  /** Hash values are compared by their first 15 hexadecimal digits. */
  private static final int DIGITS = 15;

  /** INSERT of the query's rows, and their parts. */
  String insert() {
    List<Field> columns = dataset.recipe().columns().getFields();
    boolean split = dataset.recipe().split().isPresent();
    int width = columns.size() - (split ? 1 : 0);
    String rows =
        "(%s\n) AS q (%s)".formatted(dataset.recipe().sql(), names(columns.subList(0, width)));
    String part = dataset.recipe().split().map(s -> ", " + part(s)).orElse("");
    return "INSERT INTO %s SELECT q.*%s FROM %s".formatted(dataset.table().quoted(), part, rows);
  }

  private static String part(Parts split) {
    StringBuilder text = new StringBuilder("CASE");
    BigDecimal until = BigDecimal.ZERO;
    for (Part part : split.parts().subList(0, split.parts().size() - 1)) {
      until = until.add(part.share());
      text.append(" WHEN ").append(before(split, until));
      text.append(" THEN ").append(literal(part.name()));
    }
    String last = literal(split.parts().getLast().name());
    return split.parts().size() == 1 ? last : text + " ELSE " + last + " END";
  }

  /** Whether a row is in the first share of all. */
  private static String before(Parts split, BigDecimal share) {
    if (split.kind().equals("TIME")) {
      // Rows of one instant stay together.
      return "RANK() OVER (ORDER BY q.%s NULLS FIRST) <= %s * COUNT(*) OVER ()"
          .formatted(OnlineView.quoted(split.columns().getFirst()), share.toPlainString());
    }
    String values =
        split.columns().stream()
            .map(c -> "COALESCE(CAST(q.%s AS VARCHAR), '')".formatted(OnlineView.quoted(c)))
            .reduce((a, b) -> a + " || '|' || " + b)
            .orElse("''");
    String hash =
        "SUBSTRING(MD5('%d|' || %s) FROM 1 FOR %d)".formatted(split.seed(), values, DIGITS);
    BigInteger bound =
        share
            .multiply(new BigDecimal(BigInteger.ONE.shiftLeft(4 * DIGITS)))
            .setScale(0, RoundingMode.HALF_UP)
            .toBigInteger();
    return "%s < '%s'".formatted(hash, hexadecimal(bound));
  }

  private static String hexadecimal(BigInteger value) {
    String digits = value.toString(16);
    return "0".repeat(Math.max(0, DIGITS - digits.length())) + digits;
  }

  /** One row: the number of rows; then of each column NULLs, distinct values, min, max, mean. */
  String statistics() {
    List<Field> columns = dataset.recipe().columns().getFields();
    return "SELECT COUNT(*), %s FROM %s"
        .formatted(
            columns.stream().map(DatasetSql::statistics).collect(joining(", ")),
            dataset.table().quoted());
  }

  private static String statistics(Field column) {
    String c = OnlineView.quoted(column.getName());
    boolean nested = !column.getChildren().isEmpty();
    boolean ordered =
        !nested
            && !(column.getType() instanceof ArrowType.Binary)
            && !(column.getType() instanceof ArrowType.Bool);
    boolean number =
        switch (column.getType()) {
          case ArrowType.Int ignored -> true;
          case ArrowType.FloatingPoint ignored -> true;
          case ArrowType.Decimal ignored -> true;
          default -> false;
        };
    return String.join(
        ", ",
        "COUNT(*) - COUNT(" + c + ")",
        nested ? "0" : "APPROX_COUNT_DISTINCT(" + counted(column, c) + ")",
        ordered ? "CAST(MIN(" + c + ") AS VARCHAR)" : "CAST(NULL AS VARCHAR)",
        ordered ? "CAST(MAX(" + c + ") AS VARCHAR)" : "CAST(NULL AS VARCHAR)",
        number ? "AVG(CAST(" + c + " AS DOUBLE))" : "CAST(NULL AS DOUBLE)");
  }

  /** Not every type can be counted as it is. */
  private static String counted(Field column, String name) {
    return switch (column.getType()) {
      case ArrowType.Int ignored -> name;
      case ArrowType.Utf8 ignored -> name;
      case ArrowType.Binary ignored -> name;
      default -> "CAST(" + name + " AS VARCHAR)";
    };
  }

  /** Every row, whatever the order. */
  String rows() {
    return "SELECT * FROM " + dataset.table().quoted();
  }

  private static String names(List<Field> columns) {
    return IntStream.range(0, columns.size())
        .mapToObj(i -> OnlineView.quoted(columns.get(i).getName()))
        .collect(joining(", "));
  }

  private static String literal(String text) {
    return "'" + text.replace("'", "''") + "'";
  }
}
