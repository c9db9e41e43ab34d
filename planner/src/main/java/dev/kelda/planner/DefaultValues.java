package dev.kelda.planner;

import dev.kelda.spi.connector.Scalar;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.calcite.avatica.util.ByteString;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;

/** A column's default as an expression. */
public final class DefaultValues {
  private DefaultValues() {}

  public static RexNode expression(Scalar scalar, RelDataType type, RexBuilder rex) {
    if (scalar.value().isEmpty()) {
      return rex.makeNullLiteral(type);
    }
    Object value = scalar.value().get();
    RexNode literal =
        switch (scalar.type()) {
          case ArrowType.Bool ignored -> rex.makeLiteral((Boolean) value);
          case ArrowType.Int ignored -> rex.makeExactLiteral(BigDecimal.valueOf((Long) value));
          case ArrowType.Decimal ignored -> rex.makeExactLiteral((BigDecimal) value);
          case ArrowType.Binary ignored -> rex.makeBinaryLiteral(new ByteString((byte[]) value));
          case ArrowType.FixedSizeBinary ignored ->
              rex.makeBinaryLiteral(new ByteString((byte[]) value));
          case ArrowType.Date ignored ->
              rex.makeLiteral(LocalDate.ofEpochDay((Long) value).toString());
          case ArrowType.Time ignored ->
              rex.makeLiteral(text(LocalTime.ofNanoOfDay((Long) value * 1_000)));
          case ArrowType.Timestamp t -> rex.makeLiteral(text((Long) value, t));
          default -> rex.makeLiteral(value.toString());
        };
    return rex.makeCast(type, literal);
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
