package dev.kelda.server.flight;

import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BaseIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.DateMilliVector;
import org.apache.arrow.vector.Decimal256Vector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.FixedSizeBinaryVector;
import org.apache.arrow.vector.FloatingPointVector;
import org.apache.arrow.vector.NullVector;
import org.apache.arrow.vector.TimeStampVector;
import org.apache.arrow.vector.UInt8Vector;
import org.apache.arrow.vector.VariableWidthFieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ViewVarBinaryVector;
import org.apache.arrow.vector.ViewVarCharVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Rows of parameter values that a client bound, one value per {@code ?}, in the engine's canonical
 * types. The engine converts them to the types the statement declares.
 */
final class Parameters {
  private static final long MILLIS_PER_DAY = 86_400_000L;
  private static final int MOST_ROWS = 100_000;

  private Parameters() {}

  /**
   * What clients are told that parameters are. Times of day and timestamps are told in
   * milliseconds: the JDBC driver 18.3.0 writes milliseconds into vectors of any unit. What is
   * bound may have every unit.
   */
  static Schema announced(Schema declared) {
    return new Schema(declared.getFields().stream().map(Parameters::announced).toList());
  }

  private static Field announced(Field declared) {
    ArrowType type =
        switch (declared.getType()) {
          case ArrowType.Timestamp t ->
              new ArrowType.Timestamp(TimeUnit.MILLISECOND, t.getTimezone());
          case ArrowType.Time ignored -> new ArrowType.Time(TimeUnit.MILLISECOND, 32);
          case ArrowType other -> other;
        };
    return new Field(
        declared.getName(),
        new FieldType(declared.isNullable(), type, null, declared.getMetadata()),
        declared.getChildren());
  }

  /**
   * @param declared one field per {@code ?}
   * @throws KeldaException WRONG_PARAMETERS, NOT_SUPPORTED
   */
  static List<List<Scalar>> rows(VectorSchemaRoot batch, List<Field> declared) {
    List<FieldVector> columns = batch.getFieldVectors();
    if (columns.size() != declared.size()) {
      throw new KeldaException(
          ErrorCode.WRONG_PARAMETERS,
          "the statement has "
              + declared.size()
              + " parameters, "
              + columns.size()
              + " were given");
    }
    if (batch.getRowCount() > MOST_ROWS) {
      throw new KeldaException(
          ErrorCode.WRONG_PARAMETERS,
          "more than " + MOST_ROWS + " rows of parameters; ingest them as a table instead");
    }
    List<List<Scalar>> rows = new ArrayList<>();
    for (int row = 0; row < batch.getRowCount(); row++) {
      List<Scalar> values = new ArrayList<>();
      for (int column = 0; column < columns.size(); column++) {
        values.add(value(columns.get(column), row, declared.get(column).getType()));
      }
      rows.add(values);
    }
    return rows;
  }

  private static Scalar value(FieldVector vector, int row, ArrowType declared) {
    if (vector instanceof NullVector || vector.isNull(row)) {
      return Scalar.nullOf(declared);
    }
    return switch (vector) {
      case BitVector v -> Scalar.of(ArrowType.Bool.INSTANCE, v.get(row) == 1);
      case UInt8Vector v -> decimal(new BigDecimal(Long.toUnsignedString(v.get(row))), 20);
      case BaseIntVector v -> integer(v, row);
      case FloatingPointVector v -> floating(v, row, vector.getField().getType());
      case DecimalVector v -> Scalar.of(v.getField().getType(), v.getObject(row));
      case Decimal256Vector v -> decimal(v.getObject(row), 38);
      case ViewVarCharVector v -> utf8(v.get(row));
      case ViewVarBinaryVector v -> Scalar.of(ArrowType.Binary.INSTANCE, v.get(row));
      case VariableWidthFieldVector v -> bytes(v, row);
      case FixedSizeBinaryVector v -> Scalar.of(ArrowType.Binary.INSTANCE, v.get(row));
      case ListVector v ->
          elements(v.getDataVector(), v.getElementStartIndex(row), v.getElementEndIndex(row));
      case FixedSizeListVector v ->
          elements(v.getDataVector(), v.getElementStartIndex(row), v.getElementEndIndex(row));
      case DateDayVector v -> date(v.get(row));
      case DateMilliVector v -> date(Math.floorDiv(v.get(row), MILLIS_PER_DAY));
      case TimeStampVector v -> timestamp(v, row);
      case BaseFixedWidthVector v when v.getField().getType() instanceof ArrowType.Time time ->
          time(v, row, time);
      default ->
          throw new KeldaException(
              ErrorCode.NOT_SUPPORTED,
              "a parameter of type " + vector.getField().getType() + " is not supported");
    };
  }

  /** A list of any size: a vector of fixed size becomes one, too. */
  private static Scalar elements(FieldVector vector, int from, int to) {
    List<Scalar> values = new ArrayList<>();
    for (int i = from; i < to; i++) {
      values.add(value(vector, i, CanonicalTypes.NULL));
    }
    ArrowType type =
        values.stream()
            .filter(element -> element.value().isPresent())
            .map(Scalar::type)
            .findFirst()
            .orElse(CanonicalTypes.NULL);
    List<Scalar> typed =
        values.stream().map(v -> v.value().isPresent() ? v : Scalar.nullOf(type)).toList();
    return Scalar.of(ArrowType.List.INSTANCE, new Scalar.Elements(type, typed));
  }

  private static Scalar integer(BaseIntVector vector, int row) {
    ArrowType.Int type = (ArrowType.Int) vector.getField().getType();
    long value = vector.getValueAsLong(row);
    if (type.getIsSigned()) {
      return Scalar.of(type, value);
    }
    long mask = type.getBitWidth() == 64 ? -1L : (1L << type.getBitWidth()) - 1;
    return Scalar.of(new ArrowType.Int(type.getBitWidth() * 2, true), value & mask);
  }

  private static Scalar floating(FloatingPointVector vector, int row, ArrowType type) {
    ArrowType.FloatingPoint floating = (ArrowType.FloatingPoint) type;
    ArrowType canonical =
        floating.getPrecision() == FloatingPointPrecision.HALF
            ? new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE)
            : floating;
    return Scalar.of(canonical, vector.getValueAsDouble(row));
  }

  private static Scalar decimal(BigDecimal value, int precision) {
    return Scalar.of(
        new ArrowType.Decimal(Math.max(precision, value.scale()), value.scale(), 128), value);
  }

  private static Scalar utf8(byte[] value) {
    return Scalar.of(ArrowType.Utf8.INSTANCE, new String(value, StandardCharsets.UTF_8));
  }

  private static Scalar bytes(VariableWidthFieldVector vector, int row) {
    return switch (vector.getObject(row)) {
      case byte[] value -> Scalar.of(ArrowType.Binary.INSTANCE, value);
      case Object text -> Scalar.of(ArrowType.Utf8.INSTANCE, text.toString());
    };
  }

  private static Scalar date(long days) {
    return Scalar.of(new ArrowType.Date(DateUnit.DAY), days);
  }

  private static Scalar timestamp(TimeStampVector vector, int row) {
    ArrowType.Timestamp type = (ArrowType.Timestamp) vector.getField().getType();
    String zone = type.getTimezone() == null || type.getTimezone().isEmpty() ? null : "UTC";
    long value = vector.get(row);
    return type.getUnit() == TimeUnit.NANOSECOND
        ? Scalar.of(new ArrowType.Timestamp(TimeUnit.NANOSECOND, zone), value)
        : Scalar.of(
            new ArrowType.Timestamp(TimeUnit.MICROSECOND, zone), micros(value, type.getUnit()));
  }

  private static Scalar time(BaseFixedWidthVector vector, int row, ArrowType.Time type) {
    long value =
        type.getBitWidth() == 32
            ? vector.getDataBuffer().getInt(row * 4L)
            : vector.getDataBuffer().getLong(row * 8L);
    return Scalar.of(new ArrowType.Time(TimeUnit.MICROSECOND, 64), micros(value, type.getUnit()));
  }

  private static long micros(long value, TimeUnit unit) {
    return switch (unit) {
      case SECOND -> Math.multiplyExact(value, 1_000_000L);
      case MILLISECOND -> Math.multiplyExact(value, 1_000L);
      case MICROSECOND -> value;
      case NANOSECOND -> Math.floorDiv(value, 1_000L);
    };
  }
}
