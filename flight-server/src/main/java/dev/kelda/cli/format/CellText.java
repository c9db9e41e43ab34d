package dev.kelda.cli.format;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.FixedSizeBinaryVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntervalMonthDayNanoVector;
import org.apache.arrow.vector.NullVector;
import org.apache.arrow.vector.TimeMicroVector;
import org.apache.arrow.vector.TimeStampVector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.MapVector;
import org.apache.arrow.vector.complex.StructVector;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;

/** One value as text, the way SQL would write it without quotes. */
final class CellText {
  private CellText() {}

  /** Empty for NULL. */
  static Optional<String> of(FieldVector vector, int row) {
    return vector instanceof NullVector || vector.isNull(row)
        ? Optional.empty()
        : Optional.of(text(vector, row));
  }

  private static String text(FieldVector vector, int row) {
    return switch (vector) {
      case VarCharVector v -> new String(v.get(row), StandardCharsets.UTF_8);
      case BitVector v -> v.get(row) == 1 ? "true" : "false";
      case Float8Vector v -> number(v.get(row), Double.toString(v.get(row)));
      case Float4Vector v -> number(v.get(row), Float.toString(v.get(row)));
      case DateDayVector v -> LocalDate.ofEpochDay(v.get(row)).toString();
      case TimeMicroVector v -> time(LocalTime.ofNanoOfDay(v.get(row) * 1000));
      case TimeStampVector v -> timestamp(v, row);
      case VarBinaryVector v -> "\\x" + HexFormat.of().formatHex(v.get(row));
      case FixedSizeBinaryVector v -> "\\x" + HexFormat.of().formatHex(v.get(row));
      case MapVector v -> map(v, row);
      case ListVector v ->
          list(
              (FieldVector) v.getDataVector(),
              v.getElementStartIndex(row),
              v.getElementEndIndex(row));
      case FixedSizeListVector v ->
          list(
              (FieldVector) v.getDataVector(),
              v.getElementStartIndex(row),
              v.getElementEndIndex(row));
      case StructVector v ->
          v.getChildrenFromFields().stream()
              .map(child -> child.getName() + ": " + of(child, row).orElse("NULL"))
              .collect(Collectors.joining(", ", "{", "}"));
      case IntervalMonthDayNanoVector v -> v.getObject(row).toString();
      default ->
          switch (vector.getObject(row)) {
            case BigDecimal decimal -> decimal.toPlainString();
            case Object other -> other.toString();
          };
    };
  }

  private static String number(double value, String text) {
    return Double.isInfinite(value)
        ? (value > 0 ? "inf" : "-inf")
        : Double.isNaN(value) ? "nan" : text;
  }

  private static String list(FieldVector values, int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(i -> of(values, i).orElse("NULL"))
        .collect(Collectors.joining(", ", "[", "]"));
  }

  private static String map(MapVector map, int row) {
    StructVector entries = (StructVector) map.getDataVector();
    FieldVector keys = entries.getChildrenFromFields().get(0);
    FieldVector values = entries.getChildrenFromFields().get(1);
    return IntStream.range(map.getElementStartIndex(row), map.getElementEndIndex(row))
        .mapToObj(i -> of(keys, i).orElse("NULL") + "=" + of(values, i).orElse("NULL"))
        .collect(Collectors.joining(", ", "{", "}"));
  }

  private static String timestamp(TimeStampVector vector, int row) {
    ArrowType.Timestamp type = (ArrowType.Timestamp) vector.getField().getType();
    LocalDateTime value =
        LocalDateTime.ofInstant(instant(vector.get(row), type.getUnit()), ZoneOffset.UTC);
    return value.toLocalDate()
        + " "
        + time(value.toLocalTime())
        + (type.getTimezone() == null ? "" : "+00");
  }

  private static Instant instant(long value, TimeUnit unit) {
    long perSecond =
        switch (unit) {
          case SECOND -> 1L;
          case MILLISECOND -> 1_000L;
          case MICROSECOND -> 1_000_000L;
          case NANOSECOND -> 1_000_000_000L;
        };
    return Instant.ofEpochSecond(
        Math.floorDiv(value, perSecond),
        Math.floorMod(value, perSecond) * (1_000_000_000L / perSecond));
  }

  // always with seconds; a fraction without trailing zeros
  private static String time(LocalTime value) {
    String whole =
        "%02d:%02d:%02d".formatted(value.getHour(), value.getMinute(), value.getSecond());
    return value.getNano() == 0
        ? whole
        : whole + "." + "%09d".formatted(value.getNano()).replaceFirst("0+$", "");
  }
}
