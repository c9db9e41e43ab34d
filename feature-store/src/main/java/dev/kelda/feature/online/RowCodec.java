package dev.kelda.feature.online;

import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * Rows as bytes: a bit per column that is set where there is a value, a slot per column, then what
 * has no fixed width. The slot of a column of fixed width is its value, that of any other is where
 * its value begins. Immutable.
 */
final class RowCodec {
  private static final int POINTER = Integer.BYTES;

  private final ColumnCodec[] columns;
  private final int[] slots;
  private final int validityBytes;
  private final int fixedBytes;

  RowCodec(List<Field> fields) {
    this.columns = fields.stream().map(ColumnCodec::of).toArray(ColumnCodec[]::new);
    this.slots = new int[columns.length];
    this.validityBytes = Math.ceilDiv(columns.length, 8);
    int at = validityBytes;
    for (int i = 0; i < columns.length; i++) {
      slots[i] = at;
      at += columns[i].width() == 0 ? POINTER : columns[i].width();
    }
    this.fixedBytes = at;
  }

  int columns() {
    return columns.length;
  }

  /** Appends one row. */
  void write(FieldVector[] from, int row, RowBuffer out) {
    int start = out.length();
    out.grow(fixedBytes);
    for (int i = 0; i < columns.length; i++) {
      if (from[i].isNull(row)) {
        continue;
      }
      out.array()[start + (i >> 3)] |= (byte) (1 << (i & 7));
      if (columns[i] instanceof ColumnCodec.FixedWidth fixed) {
        fixed.put(from[i], row, out.array(), start + slots[i]);
      } else {
        out.setInt(start + slots[i], out.length() - start);
        columns[i].write(from[i], row, out);
      }
    }
  }

  boolean isNull(byte[] bytes, int start, int column) {
    return (bytes[start + (column >> 3)] & 1 << (column & 7)) == 0;
  }

  /**
   * Reads one column of the row that begins at {@code start}; a NULL leaves the vector as it is.
   */
  void read(byte[] bytes, int start, int column, FieldVector to, int row) {
    if (isNull(bytes, start, column)) {
      return;
    }
    columns[column].read(bytes, position(bytes, start, column), to, row);
  }

  /**
   * Reads one column of many rows, each into the row of the vector that has its number.
   *
   * @param starts where the rows begin; -1 for those that leave the vector as it is
   */
  void readAll(byte[][] rows, int[] starts, int column, FieldVector to) {
    int width = columns[column] instanceof ColumnCodec.Fixed fixed ? fixed.width() : 0;
    if (width == Long.BYTES || width == Integer.BYTES) {
      readNumbers(rows, starts, column, width, (BaseFixedWidthVector) to);
      return;
    }
    for (int row = 0; row < rows.length; row++) {
      if (starts[row] >= 0) {
        read(rows[row], starts[row], column, to, row);
      }
    }
  }

  /** Most features are numbers, and there are many of them in an answer. */
  private void readNumbers(
      byte[][] rows, int[] starts, int column, int width, BaseFixedWidthVector to) {
    while (to.getValueCapacity() < rows.length) {
      to.reAlloc();
    }
    ArrowBuf values = to.getDataBuffer();
    ArrowBuf validity = to.getValidityBuffer();
    int bits = 0;
    for (int row = 0; row < rows.length; row++) {
      int start = starts[row];
      if (start >= 0 && !isNull(rows[row], start, column)) {
        bits |= 1 << (row & 7);
        int at = start + slots[column];
        if (width == Long.BYTES) {
          values.setLong((long) row * width, (long) RowBuffer.LONG.get(rows[row], at));
        } else {
          values.setInt((long) row * width, (int) RowBuffer.INT.get(rows[row], at));
        }
      }
      if ((row & 7) == 7 || row + 1 == rows.length) {
        validity.setByte(row >> 3, bits);
        bits = 0;
      }
    }
  }

  /** Where the value of a column that is not NULL begins. */
  int position(byte[] bytes, int start, int column) {
    int slot = start + slots[column];
    return columns[column].width() == 0 ? start + (int) RowBuffer.INT.get(bytes, slot) : slot;
  }
}
