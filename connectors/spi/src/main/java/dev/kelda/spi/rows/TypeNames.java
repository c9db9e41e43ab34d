package dev.kelda.spi.rows;

import static java.util.stream.Collectors.joining;

import dev.kelda.spi.connector.CanonicalTypes;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/** The SQL name of a column's type, as it may stand in CREATE TABLE. */
public final class TypeNames {
  private TypeNames() {}

  public static String of(Field field) {
    return switch (field.getType()) {
      case ArrowType.Null ignored -> "NULL";
      case ArrowType.Bool ignored -> "BOOLEAN";
      case ArrowType.Int integer ->
          switch (integer.getBitWidth()) {
            case 8 -> "TINYINT";
            case 16 -> "SMALLINT";
            case 32 -> "INTEGER";
            default -> "BIGINT";
          };
      case ArrowType.FloatingPoint real ->
          real.getPrecision() == FloatingPointPrecision.SINGLE ? "REAL" : "DOUBLE";
      case ArrowType.Decimal decimal ->
          "DECIMAL(%d, %d)".formatted(decimal.getPrecision(), decimal.getScale());
      case ArrowType.Utf8 ignored -> "VARCHAR";
      case ArrowType.Binary ignored -> "VARBINARY";
      case ArrowType.FixedSizeBinary binary -> "BINARY(%d)".formatted(binary.getByteWidth());
      case ArrowType.Date ignored -> "DATE";
      case ArrowType.Time ignored -> "TIME";
      case ArrowType.Timestamp timestamp ->
          "TIMESTAMP"
              + (timestamp.getUnit() == TimeUnit.NANOSECOND ? "(9)" : "")
              + (timestamp.getTimezone() == null ? "" : " WITH LOCAL TIME ZONE");
      case ArrowType.Interval interval ->
          interval.equals(CanonicalTypes.INTERVAL_YEAR_MONTH)
              ? "INTERVAL YEAR TO MONTH"
              : "INTERVAL DAY TO SECOND";
      case ArrowType.List ignored -> of(field.getChildren().getFirst()) + " ARRAY";
      case ArrowType.FixedSizeList list ->
          of(field.getChildren().getFirst()) + " ARRAY(%d)".formatted(list.getListSize());
      case ArrowType.Struct ignored ->
          field.getChildren().stream()
              .map(child -> child.getName() + " " + of(child))
              .collect(joining(", ", "ROW(", ")"));
      case ArrowType.Map ignored ->
          field.getChildren().getFirst().getChildren().stream()
              .map(TypeNames::of)
              .collect(joining(", ", "MAP<", ">"));
      default -> field.getType().toString();
    };
  }
}
