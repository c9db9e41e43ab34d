package dev.kelda.feature.online;

import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BaseVariableWidthVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.BitVectorHelper;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.StructVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/** Values of one column as bytes and back. A value that is NULL has no bytes. */
sealed interface ColumnCodec {
  /** Bytes of every value; 0 when they differ in length. */
  int width();

  /** Appends a value that is not NULL. */
  void write(FieldVector from, int row, RowBuffer out);

  /**
   * Reads a value that {@link #write} wrote into a row that is NULL so far.
   *
   * @return where its bytes end
   */
  int read(byte[] bytes, int at, FieldVector to, int row);

  /** Where the bytes of a value end. */
  int end(byte[] bytes, int at);

  static ColumnCodec of(Field field) {
    return switch (field.getType()) {
      case ArrowType.Null ignored -> new Nothing();
      case ArrowType.Bool ignored -> new Bit();
      case ArrowType.Utf8 ignored -> new Variable();
      case ArrowType.Binary ignored -> new Variable();
      case ArrowType.List ignored -> new ListOf(of(field.getChildren().getFirst()));
      case ArrowType.Map ignored -> new ListOf(of(field.getChildren().getFirst()));
      case ArrowType.FixedSizeList list ->
          new ArrayOf(list.getListSize(), of(field.getChildren().getFirst()));
      case ArrowType.Struct ignored ->
          new Row(field.getChildren().stream().map(ColumnCodec::of).toArray(ColumnCodec[]::new));
      default -> new Fixed(FixedWidths.of(field));
    };
  }

  /** Values of one length, at least 1. */
  sealed interface FixedWidth extends ColumnCodec {
    /** Puts a value that is not NULL at a place that has room for it. */
    void put(FieldVector from, int row, byte[] to, int at);

    @Override
    default void write(FieldVector from, int row, RowBuffer out) {
      int at = out.grow(width());
      put(from, row, out.array(), at);
    }

    @Override
    default int end(byte[] bytes, int at) {
      return at + width();
    }
  }

  /** A column of nothing but NULL. */
  record Nothing() implements ColumnCodec {
    @Override
    public int width() {
      return 0;
    }

    @Override
    public void write(FieldVector from, int row, RowBuffer out) {}

    @Override
    public int read(byte[] bytes, int at, FieldVector to, int row) {
      return at;
    }

    @Override
    public int end(byte[] bytes, int at) {
      return at;
    }
  }

  record Bit() implements FixedWidth {
    @Override
    public int width() {
      return 1;
    }

    @Override
    public void put(FieldVector from, int row, byte[] to, int at) {
      to[at] = (byte) ((BitVector) from).get(row);
    }

    @Override
    public int read(byte[] bytes, int at, FieldVector to, int row) {
      ((BitVector) to).setSafe(row, bytes[at]);
      return at + 1;
    }
  }

  /** Numbers, decimals, dates, times, intervals: their bytes as Arrow has them. */
  record Fixed(int width) implements FixedWidth {
    @Override
    public void put(FieldVector from, int row, byte[] to, int at) {
      from.getDataBuffer().getBytes((long) row * width, to, at, width);
    }

    @Override
    public int read(byte[] bytes, int at, FieldVector to, int row) {
      BaseFixedWidthVector vector = (BaseFixedWidthVector) to;
      while (row >= vector.getValueCapacity()) {
        vector.reAlloc();
      }
      vector.getDataBuffer().setBytes((long) row * width, bytes, at, width);
      BitVectorHelper.setBit(vector.getValidityBuffer(), row);
      return at + width;
    }
  }

  /** Texts and bytes: their length, then themselves. */
  record Variable() implements ColumnCodec {
    @Override
    public int width() {
      return 0;
    }

    @Override
    public void write(FieldVector from, int row, RowBuffer out) {
      BaseVariableWidthVector vector = (BaseVariableWidthVector) from;
      int start = vector.getStartOffset(row);
      int length = vector.getEndOffset(row) - start;
      out.putInt(length);
      int at = out.grow(length);
      vector.getDataBuffer().getBytes(start, out.array(), at, length);
    }

    @Override
    public int read(byte[] bytes, int at, FieldVector to, int row) {
      int length = (int) RowBuffer.INT.get(bytes, at);
      ((BaseVariableWidthVector) to).setSafe(row, bytes, at + 4, length);
      return at + 4 + length;
    }

    @Override
    public int end(byte[] bytes, int at) {
      return at + 4 + (int) RowBuffer.INT.get(bytes, at);
    }
  }

  /** Lists and maps: how many, then each. */
  record ListOf(ColumnCodec element) implements ColumnCodec {
    @Override
    public int width() {
      return 0;
    }

    @Override
    public void write(FieldVector from, int row, RowBuffer out) {
      ListVector vector = (ListVector) from;
      int start = vector.getElementStartIndex(row);
      int end = vector.getElementEndIndex(row);
      out.putInt(end - start);
      for (int i = start; i < end; i++) {
        writeNullable(element, vector.getDataVector(), i, out);
      }
    }

    @Override
    public int read(byte[] bytes, int at, FieldVector to, int row) {
      ListVector vector = (ListVector) to;
      int count = (int) RowBuffer.INT.get(bytes, at);
      int next = at + 4;
      int start = vector.startNewValue(row);
      for (int i = 0; i < count; i++) {
        next = readNullable(element, bytes, next, vector.getDataVector(), start + i);
      }
      vector.endValue(row, count);
      return next;
    }

    @Override
    public int end(byte[] bytes, int at) {
      int next = at + 4;
      for (int i = (int) RowBuffer.INT.get(bytes, at); i > 0; i--) {
        next = endNullable(element, bytes, next);
      }
      return next;
    }
  }

  /** Lists of one length, embeddings among them. */
  record ArrayOf(int length, ColumnCodec element) implements ColumnCodec {
    @Override
    public int width() {
      return 0;
    }

    @Override
    public void write(FieldVector from, int row, RowBuffer out) {
      FieldVector elements = ((FixedSizeListVector) from).getDataVector();
      for (int i = 0; i < length; i++) {
        writeNullable(element, elements, row * length + i, out);
      }
    }

    @Override
    public int read(byte[] bytes, int at, FieldVector to, int row) {
      FixedSizeListVector vector = (FixedSizeListVector) to;
      while (row >= vector.getValueCapacity()) {
        vector.reAlloc();
      }
      vector.setNotNull(row);
      int next = at;
      for (int i = 0; i < length; i++) {
        next = readNullable(element, bytes, next, vector.getDataVector(), row * length + i);
      }
      return next;
    }

    @Override
    public int end(byte[] bytes, int at) {
      int next = at;
      for (int i = 0; i < length; i++) {
        next = endNullable(element, bytes, next);
      }
      return next;
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // never handed out
  record Row(ColumnCodec[] fields) implements ColumnCodec {
    @Override
    public int width() {
      return 0;
    }

    @Override
    public void write(FieldVector from, int row, RowBuffer out) {
      StructVector vector = (StructVector) from;
      for (int i = 0; i < fields.length; i++) {
        writeNullable(fields[i], (FieldVector) vector.getChildByOrdinal(i), row, out);
      }
    }

    @Override
    public int read(byte[] bytes, int at, FieldVector to, int row) {
      StructVector vector = (StructVector) to;
      while (row >= vector.getValueCapacity()) {
        vector.reAlloc();
      }
      vector.setIndexDefined(row);
      int next = at;
      for (int i = 0; i < fields.length; i++) {
        next = readNullable(fields[i], bytes, next, (FieldVector) vector.getChildByOrdinal(i), row);
      }
      return next;
    }

    @Override
    public int end(byte[] bytes, int at) {
      int next = at;
      for (ColumnCodec field : fields) {
        next = endNullable(field, bytes, next);
      }
      return next;
    }
  }

  private static void writeNullable(ColumnCodec codec, FieldVector from, int row, RowBuffer out) {
    boolean present = !from.isNull(row);
    out.put(present ? 1 : 0);
    if (present) {
      codec.write(from, row, out);
    }
  }

  private static int readNullable(
      ColumnCodec codec, byte[] bytes, int at, FieldVector to, int row) {
    if (bytes[at] == 1) {
      return codec.read(bytes, at + 1, to, row);
    }
    while (row >= to.getValueCapacity()) {
      to.reAlloc();
    }
    to.setNull(row);
    return at + 1;
  }

  private static int endNullable(ColumnCodec codec, byte[] bytes, int at) {
    return bytes[at] == 1 ? codec.end(bytes, at + 1) : at + 1;
  }
}
