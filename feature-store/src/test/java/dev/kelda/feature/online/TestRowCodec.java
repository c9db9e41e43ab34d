package dev.kelda.feature.online;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.util.Text;
import org.junit.jupiter.api.Test;

final class TestRowCodec {
  @Test
  void aColumnOfManyRowsIsWhatItsRowsAre() {
    for (int seed = 0; seed < 20; seed++) {
      check(new Random(seed), List.of(0, 1, 7, 8, 9, 100).get(seed % 6));
    }
  }

  private static void check(Random random, int count) {
    try (BufferAllocator allocator = new RootAllocator();
        IntVector ints = new IntVector("i", allocator);
        BigIntVector longs = new BigIntVector("l", allocator);
        Float4Vector floats = new Float4Vector("f", allocator);
        Float8Vector doubles = new Float8Vector("d", allocator);
        BitVector bits = new BitVector("b", allocator);
        VarCharVector texts = new VarCharVector("t", allocator)) {
      List<FieldVector> columns = List.of(ints, longs, floats, doubles, bits, texts);
      columns.forEach(FieldVector::allocateNew);
      for (int row = 0; row < count; row++) {
        if (random.nextInt(4) > 0) {
          ints.setSafe(row, random.nextInt());
          longs.setSafe(row, random.nextLong());
          doubles.setSafe(row, random.nextGaussian());
        }
        if (random.nextInt(4) > 0) {
          floats.setSafe(row, random.nextFloat());
          bits.setSafe(row, random.nextInt(2));
          texts.setSafe(row, new Text("text " + random.nextInt(1000)));
        }
      }
      columns.forEach(column -> column.setValueCount(count));
      RowCodec codec = new RowCodec(columns.stream().map(FieldVector::getField).toList());
      byte[][] rows = new byte[count][];
      int[] starts = new int[count];
      for (int row = 0; row < count; row++) {
        RowBuffer out = new RowBuffer();
        starts[row] = out.grow(row % 3) + row % 3; // not every row begins at the first byte
        codec.write(columns.toArray(FieldVector[]::new), row, out);
        rows[row] = out.copy();
        if (random.nextInt(5) == 0) {
          starts[row] = -1;
          rows[row] = null;
        }
      }
      for (int column = 0; column < columns.size(); column++) {
        try (FieldVector all = columns.get(column).getField().createVector(allocator)) {
          all.allocateNew();
          codec.readAll(rows, starts, column, all);
          all.setValueCount(count);
          for (int row = 0; row < count; row++) {
            Object expected = starts[row] < 0 ? null : columns.get(column).getObject(row);
            assertThat(all.getObject(row)).isEqualTo(expected);
          }
        }
      }
    }
  }
}
