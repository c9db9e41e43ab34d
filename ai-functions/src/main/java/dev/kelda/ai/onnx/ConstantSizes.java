package dev.kelda.ai.onnx;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;

/**
 * How many elements a model's operators make out of constants alone: {@code
 * ConstantOfShape([1000000, 1000000])} is a few bytes in a file. What is computed at run time is
 * not known here. The numbers are those of onnx.proto.
 */
final class ConstantSizes {
  /** Which inputs of an operator say how large its output gets. */
  private static final Map<String, List<Integer>> SIZES =
      Map.of(
          "ConstantOfShape", List.of(0),
          "Expand", List.of(1),
          "Tile", List.of(1),
          "Pad", List.of(1),
          "OneHot", List.of(1),
          "Range", List.of(0, 1),
          "Resize", List.of(2, 3),
          "Upsample", List.of(1));

  private static final int MOST_VALUES = 16;
  private static final int FLOAT = 1;
  private static final int INT32 = 6;
  private static final int INT64 = 7;
  private static final int DOUBLE = 11;

  private final Map<String, Double> constants = new HashMap<>();
  private final List<String> used = new ArrayList<>();
  private double drawn;

  /**
   * @param product of the constant's values
   */
  void constant(String name, double product) {
    constants.merge(name, product, Math::max);
  }

  /**
   * @param product of the values of the node's attributes
   */
  void node(String operator, List<String> inputs, List<String> outputs, double product) {
    switch (operator) {
      case "Constant" -> outputs.forEach(output -> constant(output, product));
      case "RandomNormal", "RandomUniform" -> drawn += product;
      default -> {
        for (int input : SIZES.getOrDefault(operator, List.of())) {
          if (input < inputs.size() && !inputs.get(input).isEmpty()) {
            used.add(inputs.get(input));
          }
        }
      }
    }
  }

  /** Elements that all of the nodes make together, infinite for what is no size. */
  double total() {
    return drawn + used.stream().mapToDouble(name -> constants.getOrDefault(name, 0.0)).sum();
  }

  /** The product of what may be a size; signs and zeros do not count, too many are infinite. */
  static double product(double... values) {
    return values.length > MOST_VALUES
        ? Double.POSITIVE_INFINITY
        : DoubleStream.of(values)
            .map(Math::abs)
            .map(value -> Double.isNaN(value) ? Double.POSITIVE_INFINITY : Math.max(value, 1))
            .reduce(1, (a, b) -> a * b);
  }

  /** The values of a field of integers. */
  static double integers(ProtoReader in) {
    return product(LongStream.of(in.numbers(MOST_VALUES + 1)).asDoubleStream().toArray());
  }

  /**
   * The values of a field of fractions.
   *
   * @param size 4 or 8 bytes
   */
  static double reals(ProtoReader in, int size) {
    return product(in.reals(size, MOST_VALUES + 1));
  }

  /** The values of a tensor, field by field. */
  static final class Values {
    private int type;
    private ByteBuffer raw = ByteBuffer.allocate(0);
    private double product = 1;

    /** A field that {@link OnnxGuard} does not look at. */
    void read(ProtoReader in) {
      switch (in.field()) {
        case 2 -> type = (int) in.number();
        case 4 -> product *= reals(in, Float.BYTES);
        case 5, 7 -> product *= integers(in);
        case 9 -> raw = in.block();
        case 10 -> product *= reals(in, Double.BYTES);
        default -> in.skip();
      }
    }

    double product() {
      int size = type == INT64 || type == DOUBLE ? Long.BYTES : Integer.BYTES;
      int count = raw.remaining() / size;
      if (count > MOST_VALUES) {
        return Double.POSITIVE_INFINITY;
      }
      ByteBuffer values = raw.slice().order(ByteOrder.LITTLE_ENDIAN);
      double[] read = new double[count];
      for (int i = 0; i < count; i++) {
        read[i] =
            switch (type) {
              case FLOAT -> values.getFloat();
              case INT32 -> values.getInt();
              case INT64 -> values.getLong();
              case DOUBLE -> values.getDouble();
              default -> 1; // of no type that a size can have
            };
      }
      return product * ConstantSizes.product(read);
    }
  }
}
