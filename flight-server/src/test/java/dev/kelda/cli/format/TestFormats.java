package dev.kelda.cli.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class TestFormats {
  private final BufferAllocator allocator = new RootAllocator();

  @AfterEach
  void close() {
    allocator.close();
  }

  /** Column n counts from 1; column text has "a,\"b\"", NULL, then plain words. */
  private byte[] write(OutputFormat format, int count, Layout layout) throws IOException {
    try (BigIntVector n = new BigIntVector("n", allocator);
        VarCharVector text = new VarCharVector("text", allocator)) {
      n.allocateNew();
      text.allocateNew();
      for (int i = 0; i < count; i++) {
        n.setSafe(i, i + 1);
        String value = i == 0 ? "a,\"b\"" : "word";
        if (i == 1) {
          text.setNull(i);
        } else {
          text.setSafe(i, value.getBytes(StandardCharsets.UTF_8));
        }
      }
      try (VectorSchemaRoot root = VectorSchemaRoot.of(n, text)) {
        root.setRowCount(count);
        Optional<VectorSchemaRoot>[] next = once(root);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Rows rows =
            Rows.of(
                root.getSchema(),
                () -> {
                  Optional<VectorSchemaRoot> batch = next[0];
                  next[0] = Optional.empty();
                  return batch;
                },
                () -> {});
        format.writer(layout).write(rows, out);
        return out.toByteArray();
      }
    }
  }

  @SuppressWarnings("unchecked")
  private static Optional<VectorSchemaRoot>[] once(VectorSchemaRoot root) {
    return new Optional[] {Optional.of(root)};
  }

  private String text(OutputFormat format, int count, Layout layout) throws IOException {
    return new String(write(format, count, layout), StandardCharsets.UTF_8);
  }

  private static Layout wide() {
    return new Layout(Integer.MAX_VALUE, 100, false);
  }

  @Test
  void table() throws IOException {
    assertThat(text(OutputFormat.TABLE, 2, wide()))
        .isEqualTo(
            """
            ┌───┬───────┐
            │ n │ text  │
            ├───┼───────┤
            │ 1 │ a,"b" │
            │ 2 │ NULL  │
            └───┴───────┘
            2 rows
            """);
  }

  @Test
  void aLongTableLeavesOutItsMiddle() throws IOException {
    assertThat(text(OutputFormat.TABLE, 1000, new Layout(80, 4, false)))
        .contains("│    1 │", "│    2 │", "·", "│  999 │", "│ 1000 │", "1,000 rows, 4 shown")
        .doesNotContain("│    3 │");
  }

  @Test
  void aNarrowTerminalCutsTheWidestColumn() throws IOException {
    assertThat(text(OutputFormat.TABLE, 1, new Layout(11, 4, false)).lines())
        .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(13));
  }

  @Test
  void csv() throws IOException {
    assertThat(text(OutputFormat.CSV, 3, wide()))
        .isEqualTo("n,text\n1,\"a,\"\"b\"\"\"\n2,\n3,word\n");
  }

  @Test
  void json() throws IOException {
    assertThat(text(OutputFormat.JSON, 2, wide()))
        .isEqualTo("[\n{\"n\": 1, \"text\": \"a,\\\"b\\\"\"},\n{\"n\": 2, \"text\": null}\n]\n");
  }

  @Test
  void arrow() throws IOException {
    byte[] stream = write(OutputFormat.ARROW, 3, wide());
    try (ArrowStreamReader reader =
        new ArrowStreamReader(new ByteArrayInputStream(stream), allocator)) {
      assertThat(reader.loadNextBatch()).isTrue();
      assertThat(reader.getVectorSchemaRoot().getRowCount()).isEqualTo(3);
      assertThat(reader.loadNextBatch()).isFalse();
    }
  }

  @Test
  void none() throws IOException {
    assertThat(text(OutputFormat.NONE, 3, wide())).isEqualTo("3 rows\n");
  }

  @Test
  void anUpdateIsCounted() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    OutputFormat.TABLE.writer(wide()).write(Rows.update(3, () -> {}), out);
    assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("OK, 3 rows\n");
  }
}
