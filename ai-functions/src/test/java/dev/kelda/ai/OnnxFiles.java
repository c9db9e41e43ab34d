package dev.kelda.ai;

import dev.kelda.ai.onnx.ProtoWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Writes ONNX models, sound and hostile ones, field by field as onnx.proto numbers them. */
final class OnnxFiles {
  static final int FLOAT = 1;
  static final int INT64 = 7;
  static final int STRING = 8;
  static final int UINT32 = 12;

  private OnnxFiles() {}

  static ProtoWriter message() {
    return new ProtoWriter();
  }

  /** y = x W + b for x of three values; W = (1, 2, 3), b = 0.5. */
  static byte[] linear() {
    return linear(0.5f);
  }

  static byte[] linear(float bias) {
    return model(
        message()
            .message(1, node("MatMul", "xw", "x", "w"))
            .message(1, node("Add", "y", "xw", "b"))
            .text(2, "linear")
            .message(5, tensor("w", new long[] {3, 1}, 1, 2, 3))
            .message(5, tensor("b", new long[] {1}, bias))
            .message(11, value("x", FLOAT, -1, 3))
            .message(12, value("y", FLOAT, -1, 1)));
  }

  /** Gives its inputs back: a text, a number, and a vector of any width. */
  static byte[] echo() {
    return model(
        message()
            .message(1, node("Identity", "word_out", "word"))
            .message(1, node("Identity", "number_out", "number"))
            .message(1, node("Identity", "vector_out", "vector"))
            .text(2, "echo")
            .message(11, value("word", STRING, -1, 1))
            .message(11, value("number", INT64, -1))
            .message(11, value("vector", FLOAT, -1, 0))
            .message(12, value("word_out", STRING, -1, 1))
            .message(12, value("number_out", INT64, -1))
            .message(12, value("vector_out", FLOAT, -1, 0)));
  }

  /** Gives its input x back as y and, when it has a second shape, as z. */
  static byte[] identity(int type, long[] input, long[]... outputs) {
    ProtoWriter graph = message().text(2, "identity").message(11, value("x", type, input));
    String[] names = {"y", "z"};
    for (int i = 0; i < outputs.length; i++) {
      graph.message(1, node("Identity", names[i], "x"));
      graph.message(12, value(names[i], type, outputs[i]));
    }
    return model(graph);
  }

  /**
   * A model for texts: the vector of token n is (n, 1, 0, 0).
   *
   * @param inputs of the usual three; input_ids is the first
   */
  static byte[] tokens(int vocabulary, String... inputs) {
    float[] table = new float[vocabulary * 4];
    for (int token = 0; token < vocabulary; token++) {
      table[token * 4] = token;
      table[token * 4 + 1] = 1;
    }
    ProtoWriter graph =
        message()
            .message(1, node("Gather", "last_hidden_state", "table", "input_ids"))
            .text(2, "tokens")
            .message(5, tensor("table", new long[] {vocabulary, 4}, table));
    for (String input : inputs) {
      graph.message(11, value(input, INT64, -1, 0));
    }
    return model(graph.message(12, value("last_hidden_state", FLOAT, -1, 0, 4)));
  }

  static byte[] model(ProtoWriter graph) {
    return message()
        .number(1, 8)
        .message(7, graph)
        .message(8, message().text(1, "").number(2, 13))
        .done();
  }

  static ProtoWriter node(String operator, String output, String... inputs) {
    ProtoWriter node = message();
    for (String input : inputs) {
      node.text(1, input);
    }
    return node.text(2, output).text(4, operator);
  }

  static ProtoWriter tensor(String name, long[] shape, float... values) {
    ProtoWriter tensor = message();
    for (long dimension : shape) {
      tensor.number(1, dimension);
    }
    ByteBuffer raw = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      raw.putFloat(value);
    }
    return tensor.number(2, FLOAT).text(8, name).bytes(9, raw.array());
  }

  /**
   * @param shape -1 = a named dimension, 0 = another one
   */
  static ProtoWriter value(String name, int type, long... shape) {
    ProtoWriter dimensions = message();
    for (long dimension : shape) {
      dimensions.message(
          1,
          dimension > 0
              ? message().number(1, dimension)
              : message().text(2, dimension < 0 ? "N" : "W"));
    }
    return message()
        .text(1, name)
        .message(2, message().message(1, message().number(1, type).message(2, dimensions)));
  }
}
