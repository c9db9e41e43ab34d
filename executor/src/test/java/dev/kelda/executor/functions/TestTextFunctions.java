package dev.kelda.executor.functions;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kelda.spi.function.JavaFunction;
import java.nio.charset.StandardCharsets;
import java.util.ServiceLoader;
import java.util.stream.StreamSupport;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.junit.jupiter.api.Test;

class TestTextFunctions {
  @Test
  void accentsGoAndTheRestStays() {
    assertThat(call("strip_accents", "mühleisen à Nice")).isEqualTo("muhleisen a Nice");
    assertThat(call("strip_accents", "plain")).isEqualTo("plain");
    assertThat(call("strip_accents", "日本")).isEqualTo("日本");
  }

  @Test
  void normalFormComposes() {
    assertThat(call("normalize", "e\u0301")).isEqualTo("\u00e9");
  }

  @Test
  void nullStaysNull() {
    assertThat(call("normalize", null)).isNull();
  }

  private static String call(String id, String text) {
    JavaFunction function =
        StreamSupport.stream(ServiceLoader.load(JavaFunction.class).spliterator(), false)
            .filter(f -> f.id().equals(id))
            .findFirst()
            .orElseThrow();
    try (RootAllocator allocator = new RootAllocator();
        VarCharVector texts = new VarCharVector("text", allocator)) {
      texts.allocateNew();
      if (text != null) {
        texts.setSafe(0, text.getBytes(StandardCharsets.UTF_8));
      }
      texts.setValueCount(1);
      VectorSchemaRoot root = VectorSchemaRoot.of(texts);
      try (FieldVector result = function.evaluate(root, allocator)) {
        return result.isNull(0) ? null : result.getObject(0).toString();
      }
    }
  }
}
