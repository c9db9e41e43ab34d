package dev.kelda.planner;

import dev.kelda.spi.connector.Scalar;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.calcite.avatica.util.ByteString;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** A column's default as an expression: a text or bytes, to be cast to the column's type. */
public final class DefaultValues {
  private DefaultValues() {}

  public static RexNode expression(Scalar scalar, RelDataType type, RexBuilder rex) {
    if (scalar.value().isEmpty()) {
      return rex.makeNullLiteral(type);
    }
    RexNode literal =
        scalar.value().get() instanceof byte[] bytes
            ? rex.makeBinaryLiteral(new ByteString(bytes))
            : rex.makeLiteral(text(scalar.type(), scalar.value().get()));
    return rex.makeCast(type, literal);
  }

  /** Before validation; without a default it is NULL. */
  static SqlNode node(Optional<Scalar> scalar, SqlParserPos at) {
    Object value = scalar.flatMap(Scalar::value).orElse(null);
    return switch (value) {
      case null -> SqlLiteral.createNull(at);
      case byte[] bytes -> SqlLiteral.createBinaryString(bytes, at);
      default -> SqlLiteral.createCharString(text(scalar.get().type(), value), at);
    };
  }

  private static String text(ArrowType type, Object value) {
    return switch (type) {
      case ArrowType.Decimal ignored -> ((BigDecimal) value).toPlainString();
      case ArrowType.Date ignored -> LocalDate.ofEpochDay((Long) value).toString();
      case ArrowType.Time ignored -> text(LocalTime.ofNanoOfDay((Long) value * 1_000));
      case ArrowType.Timestamp t -> text((Long) value, t);
      default -> value.toString();
    };
  }

  private static String text(long value, ArrowType.Timestamp type) {
    long perSecond = type.getUnit() == TimeUnit.NANOSECOND ? 1_000_000_000L : 1_000_000L;
    LocalDateTime at =
        LocalDateTime.ofEpochSecond(
            Math.floorDiv(value, perSecond),
            (int) (Math.floorMod(value, perSecond) * (1_000_000_000L / perSecond)),
            ZoneOffset.UTC);
    return at.toLocalDate()
        + " "
        + text(at.toLocalTime())
        + (type.getTimezone() == null ? "" : "+00:00");
  }

  // With seconds, also where they are 0.
  private static String text(LocalTime time) {
    return DateTimeFormatter.ISO_LOCAL_TIME.format(time);
  }
}
