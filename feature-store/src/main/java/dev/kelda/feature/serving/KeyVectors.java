package dev.kelda.feature.serving;

import dev.kelda.feature.online.OnlineView;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.rows.TypeNames;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BaseIntVector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.LargeVarBinaryVector;
import org.apache.arrow.vector.LargeVarCharVector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Field;

/** Keys that a client sends as Arrow, as vectors of the types that a view's key has. */
record KeyVectors(List<FieldVector> vectors, List<FieldVector> own) implements AutoCloseable {
  KeyVectors {
    vectors = List.copyOf(vectors);
    own = List.copyOf(own);
  }

  /**
   * The columns of a batch that have the names of the view's key, whatever the case.
   *
   * @throws KeldaException COLUMN_NOT_FOUND, TYPE_MISMATCH, NUMBER_OUT_OF_RANGE
   */
  static KeyVectors of(VectorSchemaRoot batch, OnlineView view, BufferAllocator allocator) {
    List<FieldVector> vectors = new ArrayList<>();
    List<FieldVector> own = new ArrayList<>();
    try {
      for (Field key : view.layout().keyFields()) {
        FieldVector given = find(batch, key.getName(), view);
        if (given.getField().getType().equals(key.getType())) {
          vectors.add(given);
        } else {
          FieldVector cast = key.createVector(allocator);
          own.add(cast);
          cast(given, cast, batch.getRowCount(), view);
          vectors.add(cast);
        }
      }
      return new KeyVectors(vectors, own);
    } catch (RuntimeException e) {
      own.forEach(FieldVector::close);
      throw e;
    }
  }

  private static FieldVector find(VectorSchemaRoot batch, String name, OnlineView view) {
    return batch.getFieldVectors().stream()
        .filter(vector -> vector.getName().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(
            () ->
                new KeldaException(
                    ErrorCode.COLUMN_NOT_FOUND,
                    "the key of \"%s\" needs a column \"%s\"; there are %s"
                        .formatted(
                            view.id(),
                            name,
                            batch.getFieldVectors().stream().map(FieldVector::getName).toList())));
  }

  private static void cast(FieldVector from, FieldVector to, int rows, OnlineView view) {
    to.setInitialCapacity(rows);
    to.allocateNew();
    for (int row = 0; row < rows; row++) {
      if (!from.isNull(row)) {
        value(from, to, row, view);
      }
    }
    to.setValueCount(rows);
  }

  private static void value(FieldVector from, FieldVector to, int row, OnlineView view) {
    if (from instanceof BaseIntVector given && to instanceof BaseIntVector wanted) {
      long value = given.getValueAsLong(row);
      wanted.setWithPossibleTruncate(row, value);
      if (wanted.getValueAsLong(row) != value) {
        throw outOfRange(Long.toString(value), to, view);
      }
    } else if (from instanceof DecimalVector given && to instanceof DecimalVector wanted) {
      wanted.setSafe(row, decimal(given.getObject(row), wanted, view));
    } else if (from instanceof LargeVarCharVector given && to instanceof VarCharVector wanted) {
      wanted.setSafe(row, given.get(row));
    } else if (from instanceof LargeVarBinaryVector given && to instanceof VarBinaryVector wanted) {
      wanted.setSafe(row, given.get(row));
    } else {
      throw new KeldaException(
          ErrorCode.TYPE_MISMATCH,
          "column \"%s\" of the key of \"%s\" is %s, not %s"
              .formatted(
                  to.getName(),
                  view.id(),
                  TypeNames.of(to.getField()),
                  TypeNames.of(from.getField())));
    }
  }

  /** The same number in another scale. */
  private static BigDecimal decimal(BigDecimal value, DecimalVector wanted, OnlineView view) {
    try {
      BigDecimal scaled = value.setScale(wanted.getScale(), RoundingMode.UNNECESSARY);
      if (scaled.precision() <= wanted.getPrecision()) {
        return scaled;
      }
    } catch (ArithmeticException e) {
      // It has digits beyond the scale: refused below.
    }
    throw outOfRange(value.toPlainString(), wanted, view);
  }

  private static KeldaException outOfRange(String value, FieldVector wanted, OnlineView view) {
    return new KeldaException(
        ErrorCode.NUMBER_OUT_OF_RANGE,
        "key %s of \"%s\" does not fit %s"
            .formatted(value, view.id(), TypeNames.of(wanted.getField())));
  }

  @Override
  public void close() {
    own.forEach(FieldVector::close);
  }
}
