package dev.kelda.ai.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.kelda.ai.registry.Signature;
import dev.kelda.ai.registry.Signature.Port;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/** One call of a model over a batch of columns. */
public final class Prediction {
  private Prediction() {}

  /**
   * Which arguments are which input's: each takes as many as it is wide, or one list.
   *
   * @throws KeldaException INVALID_ARGUMENT with the signature when they do not fit
   */
  public static List<List<Integer>> assign(Signature signature, List<Field> arguments) {
    List<List<Integer>> assigned = new ArrayList<>();
    int next = 0;
    for (int i = 0; i < signature.inputs().size(); i++) {
      Port port = signature.inputs().get(i);
      int left = arguments.size() - next;
      boolean list = left > 0 && isList(arguments.get(next));
      boolean last = i == signature.inputs().size() - 1;
      int count = list ? 1 : port.width() >= 0 ? port.width() : last ? left : 1;
      if (count > left || count == 0) {
        throw misfit(signature, arguments.size());
      }
      List<Integer> own = new ArrayList<>();
      for (int a = 0; a < count; a++) {
        own.add(next++);
      }
      assigned.add(own);
    }
    if (next != arguments.size()) {
      throw misfit(signature, arguments.size());
    }
    return assigned;
  }

  private static boolean isList(Field field) {
    return field.getType() instanceof ArrowType.List
        || field.getType() instanceof ArrowType.FixedSizeList;
  }

  /**
   * The type that an argument of an input is cast to.
   *
   * @throws KeldaException TYPE_MISMATCH for a text in a number's place and the like
   */
  public static Field wanted(Port port, Field given) {
    boolean list = isList(given);
    ArrowType type = list ? given.getChildren().getFirst().getType() : given.getType();
    boolean text = type instanceof ArrowType.Utf8;
    boolean number =
        type instanceof ArrowType.Int
            || type instanceof ArrowType.FloatingPoint
            || type instanceof ArrowType.Decimal;
    boolean fits =
        type instanceof ArrowType.Null
            || switch (port.element()) {
              case VARCHAR -> text;
              case BOOLEAN -> type instanceof ArrowType.Bool;
              case REAL, DOUBLE, INTEGER, BIGINT ->
                  number || type instanceof ArrowType.Bool && !list;
            };
    if (!fits) {
      throw new KeldaException(
          ErrorCode.TYPE_MISMATCH,
          "input \"%s\" of the model takes %s, not %s"
              .formatted(port.name(), port.element(), type));
    }
    Field element = Field.nullable("item", Outputs.type(port.element()));
    return list
        ? new Field("", FieldType.nullable(ArrowType.List.INSTANCE), List.of(element))
        : Field.nullable("", element.getType());
  }

  /**
   * @param columns of the wanted types; owned by the caller
   * @param options terminates the call from another thread
   * @return a vector of {@link Outputs#result}; a row with a NULL gives NULL
   */
  public static FieldVector run(
      OnnxModel model,
      Signature signature,
      List<FieldVector> columns,
      int rows,
      BufferAllocator allocator,
      OrtSession.RunOptions options)
      throws OrtException {
    int[] complete = Rows.complete(columns, rows);
    if (complete.length == rows) {
      return complete(model, signature, columns, rows, allocator, options);
    }
    List<FieldVector> taken = Rows.taken(columns, complete, allocator);
    try (FieldVector values =
        complete(model, signature, taken, complete.length, allocator, options)) {
      return Rows.putBack(values, complete, rows, allocator);
    } finally {
      taken.forEach(FieldVector::close);
    }
  }

  /**
   * @param inputs one per input of the signature, in its order
   * @param options terminates the call from another thread
   * @return one per output
   */
  public static List<WireTensor> run(
      OnnxModel model, Signature signature, List<WireTensor> inputs, OrtSession.RunOptions options)
      throws OrtException {
    Map<String, OnnxTensor> tensors = new HashMap<>();
    try {
      for (WireTensor input : inputs) {
        tensors.put(input.name(), input.tensor(model.environment()));
      }
      try (OrtSession.Result values = model.run(tensors, outputs(signature), options)) {
        List<WireTensor> outputs = new ArrayList<>();
        for (Port port : signature.outputs()) {
          OnnxTensor tensor = Outputs.tensor(port, values);
          outputs.add(WireTensor.of(port.name(), port.element(), tensor));
        }
        return outputs;
      }
    } finally {
      tensors.values().forEach(OnnxTensor::close);
    }
  }

  private static Set<String> outputs(Signature signature) {
    Set<String> outputs = new LinkedHashSet<>();
    signature.outputs().forEach(port -> outputs.add(port.name()));
    return outputs;
  }

  private static FieldVector complete(
      OnnxModel model,
      Signature signature,
      List<FieldVector> columns,
      int rows,
      BufferAllocator allocator,
      OrtSession.RunOptions options)
      throws OrtException {
    FieldVector result = Outputs.result(signature).createVector(allocator);
    if (rows == 0) {
      return result;
    }
    List<Tensors.Input> inputs = new ArrayList<>();
    try {
      Map<String, OnnxTensor> tensors = new HashMap<>();
      List<List<Integer>> assigned =
          assign(signature, columns.stream().map(FieldVector::getField).toList());
      for (int i = 0; i < assigned.size(); i++) {
        Port port = signature.inputs().get(i);
        List<FieldVector> own = assigned.get(i).stream().map(columns::get).toList();
        Tensors.Input input = Tensors.of(model.environment(), port, own, rows, allocator);
        inputs.add(input);
        tensors.put(port.name(), input.tensor());
      }
      try (OrtSession.Result values = model.run(tensors, outputs(signature), options)) {
        Outputs.fill(result, signature, values, rows);
      }
      return result;
    } catch (OrtException | RuntimeException | Error e) {
      result.close();
      throw e;
    } finally {
      inputs.forEach(Tensors.Input::close);
    }
  }

  private static KeldaException misfit(Signature signature, int count) {
    return new KeldaException(
        ErrorCode.INVALID_ARGUMENT,
        "%d features do not fit the model %s".formatted(count, signature));
  }
}
