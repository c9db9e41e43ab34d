package dev.kelda.feature.online;

import java.util.List;
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

  /** Where the value of a column that is not NULL begins. */
  int position(byte[] bytes, int start, int column) {
    int slot = start + slots[column];
    return columns[column].width() == 0 ? start + (int) RowBuffer.INT.get(bytes, slot) : slot;
  }
}
