package dev.kelda.ai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kelda.ai.onnx.OnnxGuard;
import dev.kelda.ai.onnx.OnnxModel;
import dev.kelda.ai.onnx.ProtoWriter;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Hostile files are refused by the guard, or by ONNX Runtime; nothing else may happen. */
@Timeout(120)
final class TestOnnxGuard {
  private static final int MUTATIONS = Integer.getInteger("kelda.onnx.mutations", 500);

  @Test
  void soundModelsPass() {
    assertThatCode(() -> OnnxGuard.check(OnnxFiles.linear())).doesNotThrowAnyException();
    assertThatCode(() -> OnnxGuard.check(OnnxFiles.echo())).doesNotThrowAnyException();
    assertThatCode(() -> OnnxGuard.check(OnnxFiles.tokens(100, "input_ids")))
        .doesNotThrowAnyException();
  }

  @Test
  void hostileModelsAreRefused() {
    Map<String, byte[]> hostile = hostile();
    assertThat(hostile).hasSizeGreaterThanOrEqualTo(50);
    hostile.forEach(
        (name, model) ->
            assertThatThrownBy(() -> OnnxGuard.check(model))
                .as(name)
                .isInstanceOfSatisfying(
                    KeldaException.class,
                    e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_FILE)));
  }

  @Test
  void mutatedModelsGiveAnErrorOrRun() {
    Random random = new Random(7);
    for (int i = 0; i < MUTATIONS; i++) {
      byte[] model = (i % 2 == 0 ? OnnxFiles.linear() : OnnxFiles.echo()).clone();
      for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
        model[random.nextInt(model.length)] = (byte) random.nextInt(256);
      }
      byte[] cut =
          random.nextInt(4) == 0 ? Arrays.copyOf(model, random.nextInt(model.length)) : model;
      try {
        OnnxGuard.check(cut);
        OnnxModel.load(cut).close();
      } catch (KeldaException e) {
        assertThat(e.code()).isEqualTo(ErrorCode.INVALID_FILE);
      }
    }
  }

  private static Map<String, byte[]> hostile() {
    Map<String, byte[]> all = new LinkedHashMap<>();
    Map<String, ProtoWriter> tensors = new LinkedHashMap<>();
    tensors.put(
        "external",
        OnnxFiles.message()
            .number(1, 1)
            .text(8, "t")
            .message(13, OnnxFiles.message().text(1, "location").text(2, "/etc/passwd"))
            .number(14, 1));
    tensors.put("external location only", OnnxFiles.message().number(14, 1));
    tensors.put("external data only", OnnxFiles.message().message(13, OnnxFiles.message()));
    tensors.put("huge dimension", OnnxFiles.message().number(1, 1L << 40));
    tensors.put("negative dimension", OnnxFiles.message().number(1, -1));
    tensors.put("huge product", OnnxFiles.message().number(1, 1 << 20).number(1, 1 << 20));
    tensors.put(
        "packed huge", OnnxFiles.message().bytes(1, new byte[] {-1, -1, -1, -1, -1, -1, 127}));
    tensors.put("cut tensor", OnnxFiles.message().bytes(1, new byte[] {-1}));
    tensors.forEach(
        (name, tensor) -> {
          all.put("initialiser " + name, graph(OnnxFiles.message().message(5, tensor)));
          ProtoWriter sparse = OnnxFiles.message().message(1, tensor);
          all.put("sparse " + name, graph(OnnxFiles.message().message(15, sparse)));
          all.put(
              "sparse indices " + name,
              graph(OnnxFiles.message().message(15, OnnxFiles.message().message(2, tensor))));
          all.put("attribute " + name, attribute(OnnxFiles.message().message(5, tensor)));
          all.put("attributes " + name, attribute(OnnxFiles.message().message(10, tensor)));
          all.put("sparse attribute " + name, attribute(OnnxFiles.message().message(22, sparse)));
          all.put(
              "sub-graph " + name,
              attribute(OnnxFiles.message().message(6, OnnxFiles.message().message(5, tensor))));
          all.put(
              "function " + name,
              withField(
                  25,
                  OnnxFiles.message()
                      .message(
                          7,
                          OnnxFiles.message().message(5, OnnxFiles.message().message(5, tensor)))));
        });
    all.put("loop", graph(OnnxFiles.message().message(1, OnnxFiles.node("Loop", "y", "x"))));
    all.put("scan", graph(OnnxFiles.message().message(1, OnnxFiles.node("Scan", "y", "x"))));
    all.put(
        "custom operator",
        graph(OnnxFiles.message().message(1, OnnxFiles.node("Evil", "y", "x").text(7, "evil"))));
    all.put("custom opset", withField(8, OnnxFiles.message().text(1, "com.evil").number(2, 1)));
    all.put("future opset", withField(8, OnnxFiles.message().number(2, 1000)));
    long[] huge = {1 << 20, 1 << 12};
    ProtoWriter raw = OnnxFiles.message().number(1, 2).number(2, OnnxFiles.INT64).text(8, "s");
    ProtoWriter packed = OnnxFiles.message().number(1, 2).number(2, OnnxFiles.INT64).text(8, "s");
    ByteBuffer bytes = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    for (long size : huge) {
      bytes.putLong(size);
      packed.number(7, size);
    }
    raw.bytes(9, bytes.array());
    for (String operator : List.of("ConstantOfShape", "Range")) {
      ProtoWriter node = OnnxFiles.node(operator, "y", "s");
      all.put(operator + " raw", graph(OnnxFiles.message().message(1, node).message(5, raw)));
      all.put(operator + " typed", graph(OnnxFiles.message().message(5, packed).message(1, node)));
    }
    for (String operator : List.of("Expand", "Tile", "Pad", "OneHot", "Resize")) {
      ProtoWriter constant =
          OnnxFiles.node("Constant", "s")
              .message(5, OnnxFiles.message().text(1, "value_ints").number(8, 1L << 40));
      ProtoWriter node = OnnxFiles.node(operator, "y", "x", "s", "s", "s");
      all.put(operator, graph(OnnxFiles.message().message(1, constant).message(1, node)));
    }
    ProtoWriter often = OnnxFiles.message().message(5, OnnxFiles.tensor("s", new long[] {1}, 1e6f));
    for (int i = 0; i < 300; i++) {
      often.message(1, OnnxFiles.node("ConstantOfShape", "y" + i, "s"));
    }
    all.put("many constants", graph(often));
    all.put(
        "random",
        graph(
            OnnxFiles.message()
                .message(
                    1,
                    OnnxFiles.node("RandomNormal", "y")
                        .message(5, OnnxFiles.message().text(1, "shape").number(8, 1L << 40)))));
    all.put(
        "many dimensions",
        graph(OnnxFiles.message().message(5, OnnxFiles.message().bytes(1, new byte[1000]))));
    all.put("training", withField(20, OnnxFiles.message()));
    all.put("empty", new byte[0]);
    all.put("no graph", OnnxFiles.message().number(1, 8).done());
    all.put("future version", OnnxFiles.message().number(1, 99).done());
    all.put("text", "not a model".getBytes());
    all.put("cut", Arrays.copyOf(OnnxFiles.linear(), 40));
    ProtoWriter deep = OnnxFiles.message();
    for (int i = 0; i < 100; i++) {
      ProtoWriter attribute = OnnxFiles.message().message(6, deep);
      deep = OnnxFiles.message().message(1, OnnxFiles.message().message(5, attribute));
    }
    all.put("deep", OnnxFiles.model(deep));
    ProtoWriter many = OnnxFiles.message();
    for (int i = 0; i < 100_001; i++) {
      many.message(1, OnnxFiles.message());
    }
    all.put("many nodes", OnnxFiles.model(many));
    return all;
  }

  private static byte[] graph(ProtoWriter part) {
    return OnnxFiles.model(part);
  }

  private static byte[] attribute(ProtoWriter attribute) {
    return graph(
        OnnxFiles.message().message(1, OnnxFiles.node("Constant", "y").message(5, attribute)));
  }

  private static byte[] withField(int field, ProtoWriter value) {
    List<byte[]> parts = new ArrayList<>();
    parts.add(OnnxFiles.linear());
    parts.add(OnnxFiles.message().message(field, value).done());
    byte[] whole = Arrays.copyOf(parts.get(0), parts.get(0).length + parts.get(1).length);
    System.arraycopy(parts.get(1), 0, whole, parts.get(0).length, parts.get(1).length);
    return whole;
  }
}
