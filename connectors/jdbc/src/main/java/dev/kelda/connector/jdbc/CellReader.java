package dev.kelda.connector.jdbc;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.SmallIntVector;
import org.apache.arrow.vector.TimeMicroVector;
import org.apache.arrow.vector.TimeStampVector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.types.pojo.ArrowType;

/** Moves one value of the current row into a vector; NULL stays NULL. */
@FunctionalInterface
interface CellReader {
  /**
   * @throws ArithmeticException when the value does not fit the column's type
   * @throws java.time.DateTimeException likewise
   */
  void read(ResultSet rows, int index, FieldVector vector, int row) throws SQLException;

  /** For drivers that hand over values as the column's type. */
  static CellReader standard(RemoteColumn column) {
    return switch (column.type()) {
      case ArrowType.Bool ignored ->
          (rows, index, vector, row) -> {
            boolean value = rows.getBoolean(index);
            if (!rows.wasNull()) {
              ((BitVector) vector).setSafe(row, value ? 1 : 0);
            }
          };
      case ArrowType.Int ignored ->
          (rows, index, vector, row) -> {
            long value = rows.getLong(index);
            if (!rows.wasNull()) {
              setInteger(vector, row, value);
            }
          };
      case ArrowType.FloatingPoint ignored ->
          (rows, index, vector, row) -> {
            double value = rows.getDouble(index);
            if (!rows.wasNull()) {
              setFloating(vector, row, value);
            }
          };
      case ArrowType.Decimal ignored ->
          (rows, index, vector, row) -> {
            BigDecimal value = rows.getBigDecimal(index);
            if (value != null) {
              setDecimal((DecimalVector) vector, row, value);
            }
          };
      case ArrowType.Binary ignored ->
          (rows, index, vector, row) -> {
            byte[] value = rows.getBytes(index);
            if (value != null) {
              ((VarBinaryVector) vector).setSafe(row, value);
            }
          };
      case ArrowType.Date ignored ->
          (rows, index, vector, row) -> {
            LocalDate value = rows.getObject(index, LocalDate.class);
            if (value != null) {
              ((DateDayVector) vector).setSafe(row, Math.toIntExact(value.toEpochDay()));
            }
          };
      case ArrowType.Time ignored ->
          (rows, index, vector, row) -> {
            LocalTime value = rows.getObject(index, LocalTime.class);
            if (value != null) {
              ((TimeMicroVector) vector).setSafe(row, value.toNanoOfDay() / 1000);
            }
          };
      case ArrowType.Timestamp t when t.getTimezone() == null ->
          (rows, index, vector, row) -> {
            LocalDateTime value = rows.getObject(index, LocalDateTime.class);
            if (value != null) {
              setInstant(vector, row, value.toInstant(ZoneOffset.UTC));
            }
          };
      case ArrowType.Timestamp ignored ->
          (rows, index, vector, row) -> {
            OffsetDateTime value = rows.getObject(index, OffsetDateTime.class);
            if (value != null) {
              setInstant(vector, row, value.toInstant());
            }
          };
      default -> CellReader::readText;
    };
  }

  /** Nanoseconds since 1970 as a number. */
  static CellReader epochNanos() {
    return (rows, index, vector, row) -> {
      long value = rows.getLong(index);
      if (!rows.wasNull()) {
        ((TimeStampVector) vector).setSafe(row, value);
      }
    };
  }

  /** For SQLite, whose values have types of their own. */
  static CellReader sqlite(RemoteColumn column) {
    return switch (column.type()) {
      case ArrowType.Utf8 ignored -> CellReader::readText;
      case ArrowType.Binary ignored -> standard(column);
      default ->
          (rows, index, vector, row) -> {
            Object value = rows.getObject(index);
            if (value != null) {
              setDynamic(vector, row, value);
            }
          };
    };
  }

  private static void readText(ResultSet rows, int index, FieldVector vector, int row)
      throws SQLException {
    String value = rows.getString(index);
    if (value != null) {
      ((VarCharVector) vector).setSafe(row, value.getBytes(StandardCharsets.UTF_8));
    }
  }

  private static void setInteger(FieldVector vector, int row, long value) {
    switch (vector) {
      case TinyIntVector v when (byte) value == value -> v.setSafe(row, (byte) value);
      case SmallIntVector v when (short) value == value -> v.setSafe(row, (short) value);
      case IntVector v -> v.setSafe(row, Math.toIntExact(value));
      case BigIntVector v -> v.setSafe(row, value);
      default -> throw new ArithmeticException(value + " is out of range");
    }
  }

  private static void setFloating(FieldVector vector, int row, double value) {
    if (vector instanceof Float4Vector narrow) {
      narrow.setSafe(row, (float) value);
    } else {
      ((Float8Vector) vector).setSafe(row, value);
    }
  }

  private static void setDecimal(DecimalVector vector, int row, BigDecimal value) {
    BigDecimal scaled = value.setScale(vector.getScale(), RoundingMode.HALF_UP);
    if (scaled.precision() > vector.getPrecision()) {
      throw new ArithmeticException(value + " has too many digits");
    }
    vector.setSafe(row, scaled);
  }

  private static void setInstant(FieldVector vector, int row, Instant value) {
    long micros =
        Math.addExact(
            Math.multiplyExact(value.getEpochSecond(), 1_000_000L), value.getNano() / 1000);
    ((TimeStampVector) vector).setSafe(row, micros);
  }

  private static void setDynamic(FieldVector vector, int row, Object value) {
    switch (vector) {
      case BitVector v -> v.setSafe(row, SqliteValues.flag(value) ? 1 : 0);
      case BigIntVector v -> v.setSafe(row, SqliteValues.integer(value));
      case Float8Vector v -> v.setSafe(row, SqliteValues.floating(value));
      case DecimalVector v -> setDecimal(v, row, new BigDecimal(value.toString().strip()));
      case DateDayVector v ->
          v.setSafe(row, Math.toIntExact(SqliteValues.dateTime(value).toLocalDate().toEpochDay()));
      case TimeMicroVector v -> v.setSafe(row, SqliteValues.time(value).toNanoOfDay() / 1000);
      case BaseFixedWidthVector v ->
          setInstant(v, row, SqliteValues.dateTime(value).toInstant(ZoneOffset.UTC));
      default -> throw new ArithmeticException("cannot read " + value);
    }
  }

  /** SQLite's own ways of storing what it has no types for. */
  final class SqliteValues {
    private static final DateTimeFormatter DATE_TIME =
        new DateTimeFormatterBuilder()
            .append(DateTimeFormatter.ISO_LOCAL_DATE)
            .optionalStart()
            .appendPattern("['T'][ ]HH:mm[:ss]")
            .appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true)
            .optionalStart()
            .appendLiteral('Z')
            .optionalEnd()
            .optionalEnd()
            .parseDefaulting(ChronoField.HOUR_OF_DAY, 0)
            .parseDefaulting(ChronoField.MINUTE_OF_HOUR, 0)
            .toFormatter();

    private SqliteValues() {}

    static boolean flag(Object value) {
      return switch (value) {
        case Number number -> number.doubleValue() != 0;
        default ->
            switch (value.toString().strip().toLowerCase(java.util.Locale.ROOT)) {
              case "true", "t", "1" -> true;
              case "false", "f", "0" -> false;
              default -> throw new ArithmeticException("'" + value + "' is not a boolean");
            };
      };
    }

    static long integer(Object value) {
      return switch (value) {
        case Integer number -> number;
        case Long number -> number;
        default -> new BigDecimal(value.toString().strip()).longValueExact();
      };
    }

    static double floating(Object value) {
      return switch (value) {
        case Number number -> number.doubleValue();
        default -> new BigDecimal(value.toString().strip()).doubleValue();
      };
    }

    static LocalDateTime dateTime(Object value) {
      return switch (value) {
        case Integer number -> millis(number);
        case Long number -> millis(number);
        default -> LocalDateTime.parse(value.toString().strip(), DATE_TIME);
      };
    }

    private static LocalDateTime millis(long value) {
      return LocalDateTime.ofInstant(Instant.ofEpochMilli(value), ZoneOffset.UTC);
    }

    static LocalTime time(Object value) {
      return switch (value) {
        case Integer number -> millis(number).toLocalTime();
        case Long number -> millis(number).toLocalTime();
        default -> LocalTime.parse(value.toString().strip());
      };
    }
  }
}
