package dev.kelda.feature.serving;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.rows.TypeNames;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalQueries;
import java.util.Base64;
import org.apache.arrow.vector.BaseIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.FloatingPointVector;
import org.apache.arrow.vector.TimeStampVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.StructVector;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * Values between JSON and Arrow: numbers, texts, booleans, lists and objects as they are; times as
 * ISO 8601 (without an offset: UTC); bytes in base 64; NaN and infinities as texts.
 */
final class JsonValues {
  private static final DateTimeFormatter TIME =
      new DateTimeFormatterBuilder()
          .append(DateTimeFormatter.ISO_LOCAL_DATE)
          .optionalStart()
          .appendPattern("['T'][ ]")
          .append(DateTimeFormatter.ISO_LOCAL_TIME)
          .optionalStart()
          .appendOffsetId()
          .toFormatter();

  private JsonValues() {}

  /**
   * Sets a row that is NULL so far.
   *
   * @throws KeldaException TYPE_MISMATCH, NUMBER_OUT_OF_RANGE
   */
  static void set(JsonNode node, FieldVector into, int row) {
    if (node.isNull()) {
      return;
    }
    switch (into) {
      case ListVector list -> {
        int start = list.startNewValue(row);
        setAll(node, into, list.getDataVector(), start);
        list.endValue(row, node.size());
      }
      case FixedSizeListVector list -> {
        if (node.size() != list.getListSize()) {
          throw mismatch(node, into.getField());
        }
        while (row >= list.getValueCapacity()) {
          list.reAlloc();
        }
        list.setNotNull(row);
        setAll(node, into, list.getDataVector(), row * list.getListSize());
      }
      case StructVector struct -> {
        if (!node.isObject()) {
          throw mismatch(node, into.getField());
        }
        struct.setIndexDefined(row);
        for (FieldVector child : struct.getChildrenFromFields()) {
          set(node.path(child.getName()), child, row);
        }
      }
      default -> ScalarVectors.set(into, row, scalar(node, into.getField()));
    }
  }

  private static void setAll(JsonNode node, FieldVector list, FieldVector elements, int start) {
    if (!node.isArray()) {
      throw mismatch(node, list.getField());
    }
    for (int i = 0; i < node.size(); i++) {
      if (node.get(i).isNull()) {
        ScalarVectors.set(elements, start + i, Scalar.nullOf(elements.getField().getType()));
      } else {
        set(node.get(i), elements, start + i);
      }
    }
  }

  /** A value that is not null, of a type that is not nested. */
  static Scalar scalar(JsonNode node, Field field) {
    ArrowType type = field.getType();
    try {
      return Scalar.of(type, value(node, field));
    } catch (ArithmeticException e) {
      throw new KeldaException(
          ErrorCode.NUMBER_OUT_OF_RANGE,
          "%s of \"%s\" does not fit %s".formatted(node, field.getName(), TypeNames.of(field)));
    } catch (DateTimeException | IllegalArgumentException e) {
      throw mismatch(node, field);
    }
  }

  private static Object value(JsonNode node, Field field) {
    return switch (field.getType()) {
      case ArrowType.Bool ignored when node.isBoolean() -> node.booleanValue();
      case ArrowType.Int i when node.isNumber() -> integer(node.decimalValue(), i.getBitWidth());
      case ArrowType.FloatingPoint ignored when node.isNumber() -> node.doubleValue();
      case ArrowType.FloatingPoint ignored when node.isTextual() ->
          Double.valueOf(node.textValue());
      case ArrowType.Decimal d when node.isNumber() || node.isTextual() -> {
        BigDecimal number =
            new BigDecimal(node.asText()).setScale(d.getScale(), RoundingMode.UNNECESSARY);
        if (number.precision() > d.getPrecision()) {
          throw new ArithmeticException();
        }
        yield number;
      }
      case ArrowType.Utf8 ignored when node.isTextual() -> node.textValue();
      case ArrowType.Binary ignored when node.isTextual() ->
          Base64.getDecoder().decode(node.textValue());
      case ArrowType.FixedSizeBinary ignored when node.isTextual() ->
          Base64.getDecoder().decode(node.textValue());
      case ArrowType.Date ignored when node.isTextual() ->
          LocalDate.parse(node.textValue()).toEpochDay();
      case ArrowType.Time ignored when node.isTextual() ->
          LocalTime.parse(node.textValue()).toNanoOfDay() / 1_000;
      case ArrowType.Timestamp t when node.isTextual() ->
          t.getUnit() == TimeUnit.NANOSECOND
              ? ChronoUnit.NANOS.between(Instant.EPOCH, instant(node.textValue()))
              : ChronoUnit.MICROS.between(Instant.EPOCH, instant(node.textValue()));
      default -> throw mismatch(node, field);
    };
  }

  private static long integer(BigDecimal number, int bits) {
    long value = number.longValueExact();
    if (bits < Long.SIZE && value >> (bits - 1) != value >> (Long.SIZE - 1)) {
      throw new ArithmeticException();
    }
    return value;
  }

  private static Instant instant(String text) {
    TemporalAccessor parsed = TIME.parse(text);
    LocalTime time = parsed.query(TemporalQueries.localTime());
    ZoneOffset offset = parsed.query(TemporalQueries.offset());
    return parsed
        .query(TemporalQueries.localDate())
        .atTime(time == null ? LocalTime.MIDNIGHT : time)
        .toInstant(offset == null ? ZoneOffset.UTC : offset);
  }

  private static KeldaException mismatch(JsonNode node, Field field) {
    String text = node.toString();
    return new KeldaException(
        ErrorCode.TYPE_MISMATCH,
        "%s is no value of \"%s\", which is %s"
            .formatted(
                text.length() > 50 ? text.substring(0, 50) + "…" : text,
                field.getName(),
                TypeNames.of(field)));
  }

  /** Writes the value of a row. */
  static void write(FieldVector from, int row, JsonGenerator out) throws IOException {
    if (from.isNull(row)) {
      out.writeNull();
      return;
    }
    switch (from) {
      case BitVector v -> out.writeBoolean(v.get(row) == 1);
      case BaseIntVector v -> out.writeNumber(v.getValueAsLong(row));
      case FloatingPointVector v -> number(v, row, out);
      case ListVector v -> {
        out.writeStartArray();
        for (int i = v.getElementStartIndex(row); i < v.getElementEndIndex(row); i++) {
          write(v.getDataVector(), i, out);
        }
        out.writeEndArray();
      }
      case FixedSizeListVector v -> {
        out.writeStartArray();
        for (int i = 0; i < v.getListSize(); i++) {
          write(v.getDataVector(), row * v.getListSize() + i, out);
        }
        out.writeEndArray();
      }
      case StructVector v -> {
        out.writeStartObject();
        for (FieldVector child : v.getChildrenFromFields()) {
          out.writeFieldName(child.getName());
          write(child, row, out);
        }
        out.writeEndObject();
      }
      default -> other(from, row, out);
    }
  }

  private static void number(FloatingPointVector from, int row, JsonGenerator out)
      throws IOException {
    double value = from.getValueAsDouble(row);
    if (!Double.isFinite(value)) {
      out.writeString(Double.toString(value));
    } else if (((FieldVector) from).getField().getType().equals(CanonicalTypes.FLOAT32)) {
      out.writeNumber((float) value);
    } else {
      out.writeNumber(value);
    }
  }

  private static void other(FieldVector from, int row, JsonGenerator out) throws IOException {
    Object value = from.getObject(row);
    switch (value) {
      case BigDecimal decimal -> out.writeNumber(decimal);
      case byte[] bytes -> out.writeString(Base64.getEncoder().encodeToString(bytes));
      default -> {
        switch (from.getField().getType()) {
          case ArrowType.Date ignored ->
              out.writeString(LocalDate.ofEpochDay((Integer) value).toString());
          case ArrowType.Timestamp t -> out.writeString(time(from, row, t));
          case ArrowType.Time ignored ->
              out.writeString(LocalTime.ofNanoOfDay((Long) value * 1_000).toString());
          default -> out.writeString(value.toString());
        }
      }
    }
  }

  private static String time(FieldVector from, int row, ArrowType.Timestamp type) {
    long value = ((TimeStampVector) from).get(row);
    Instant instant =
        type.getUnit() == TimeUnit.NANOSECOND
            ? Instant.EPOCH.plusNanos(value)
            : Instant.EPOCH.plus(value, ChronoUnit.MICROS);
    return type.getTimezone() == null
        ? instant.atOffset(ZoneOffset.UTC).toLocalDateTime().toString()
        : instant.toString();
  }
}
