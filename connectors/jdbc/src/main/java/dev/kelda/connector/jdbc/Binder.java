package dev.kelda.connector.jdbc;

import dev.kelda.spi.connector.Operand;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.math.BigDecimal;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;

/** Sets constants as bind parameters; dates and times as ISO text that the placeholder casts. */
final class Binder {
  private static final DateTimeFormatter TIMESTAMP =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSSSSS", Locale.ROOT);
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss.SSSSSS", Locale.ROOT);

  private Binder() {}

  static void bind(PreparedStatement statement, List<Operand> operands) throws SQLException {
    for (int i = 0; i < operands.size(); i++) {
      switch (operands.get(i)) {
        case Scalar scalar -> bind(statement, i + 1, scalar);
        case Operand.Parameter parameter ->
            throw new KeldaException(
                ErrorCode.INTERNAL_ERROR, "parameter " + parameter.index() + " is not bound");
      }
    }
  }

  private static void bind(PreparedStatement statement, int index, Scalar scalar)
      throws SQLException {
    if (scalar.value().isEmpty()) {
      statement.setNull(index, Types.NULL);
      return;
    }
    Object value = scalar.value().get();
    switch (scalar.type()) {
      case ArrowType.Bool ignored -> statement.setBoolean(index, (Boolean) value);
      case ArrowType.Int ignored -> statement.setLong(index, (Long) value);
      case ArrowType.FloatingPoint f when f.getPrecision() == FloatingPointPrecision.SINGLE ->
          statement.setFloat(index, ((Double) value).floatValue());
      case ArrowType.FloatingPoint ignored -> statement.setDouble(index, (Double) value);
      case ArrowType.Decimal ignored -> statement.setBigDecimal(index, (BigDecimal) value);
      case ArrowType.Date ignored -> statement.setString(index, date((Long) value));
      case ArrowType.Time ignored ->
          statement.setString(index, TIME.format(LocalTime.ofNanoOfDay((Long) value * 1000)));
      case ArrowType.Timestamp t ->
          statement.setString(
              index, timestamp((Long) value) + (t.getTimezone() == null ? "" : "+00"));
      default -> statement.setString(index, (String) value);
    }
  }

  private static String date(long days) {
    return checked(LocalDate.ofEpochDay(days)).toString().replaceFirst("^\\+", "");
  }

  private static String timestamp(long micros) {
    Instant instant =
        Instant.ofEpochSecond(
            Math.floorDiv(micros, 1_000_000L), Math.floorMod(micros, 1_000_000L) * 1000);
    checked(instant.atOffset(ZoneOffset.UTC).toLocalDate());
    return TIMESTAMP.format(instant.atOffset(ZoneOffset.UTC)).replaceFirst("^\\+", "");
  }

  private static LocalDate checked(LocalDate date) {
    if (date.getYear() < 1) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED, "a date before year 1 cannot be sent to a remote database");
    }
    return date;
  }
}
