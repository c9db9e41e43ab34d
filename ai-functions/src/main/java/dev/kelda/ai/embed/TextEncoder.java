package dev.kelda.ai.embed;

import static java.util.Objects.requireNonNull;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.kelda.ai.onnx.OnnxModel;
import dev.kelda.ai.registry.OnnxTextModel;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;

/**
 * Vectors of a few texts: one call of a model with the inputs of a BERT.
 *
 * @param text its number of dimensions is not asked for
 */
record TextEncoder(OnnxModel model, OnnxTextModel text, BufferAllocator allocator) {
  static final String IDS = "input_ids";
  static final String MASK = "attention_mask";
  static final String TYPES = "token_type_ids";

  TextEncoder {
    requireNonNull(model, "model is null");
    requireNonNull(text, "text is null");
    requireNonNull(allocator, "allocator is null");
  }

  /**
   * @param tokens of each text; shorter texts are padded and masked
   * @return one vector per text
   */
  float[][] encode(List<long[]> tokens, OrtSession.RunOptions options) throws OrtException {
    int rows = tokens.size();
    int length = tokens.stream().mapToInt(t -> t.length).max().orElse(0);
    long[] shape = {rows, length};
    int size = Math.multiplyExact(rows, length);
    Set<String> inputs = model.inputs();
    try (ArrowBuf memory = allocator.buffer(3L * size * Long.BYTES)) {
      memory.setZero(0, memory.capacity());
      LongBuffer ids = longs(memory, 0, size);
      LongBuffer mask = longs(memory, 1, size);
      long[] ones = new long[length];
      Arrays.fill(ones, 1);
      for (int row = 0; row < rows; row++) {
        ids.put(row * length, tokens.get(row));
        mask.put(row * length, ones, 0, tokens.get(row).length);
      }
      Map<String, OnnxTensor> tensors = new HashMap<>();
      try {
        tensors.put(IDS, OnnxTensor.createTensor(model.environment(), ids, shape));
        if (inputs.contains(MASK)) {
          tensors.put(MASK, OnnxTensor.createTensor(model.environment(), mask, shape));
        }
        if (inputs.contains(TYPES)) {
          LongBuffer types = longs(memory, 2, size);
          tensors.put(TYPES, OnnxTensor.createTensor(model.environment(), types, shape));
        }
        try (OrtSession.Result result = model.run(tensors, Set.of(text.output()), options)) {
          return vectors(result, tokens, length);
        }
      } finally {
        tensors.values().forEach(OnnxTensor::close);
      }
    }
  }

  private static LongBuffer longs(ArrowBuf memory, int part, int size) {
    return memory
        .nioBuffer((long) part * size * Long.BYTES, size * Long.BYTES)
        .order(ByteOrder.nativeOrder())
        .asLongBuffer();
  }

  private float[][] vectors(OrtSession.Result result, List<long[]> tokens, int length) {
    OnnxTensor tensor =
        result
            .get(text.output())
            .filter(OnnxTensor.class::isInstance)
            .map(OnnxTensor.class::cast)
            .orElseThrow(() -> misfit("none"));
    long[] shape = tensor.getInfo().getShape();
    boolean perText = shape.length == 2;
    int dimensions = (int) shape[shape.length - 1];
    boolean fits =
        shape.length == (perText ? 2 : 3)
            && shape[0] == tokens.size()
            && (perText || shape[1] == length)
            && dimensions > 0;
    if (!fits || tensor.getInfo().type != ai.onnxruntime.OnnxJavaType.FLOAT) {
      throw misfit(tensor.getInfo().type + Arrays.toString(shape));
    }
    float[] values = tensor.getFloatBuffer().array();
    float[][] vectors = new float[tokens.size()][];
    for (int row = 0; row < vectors.length; row++) {
      vectors[row] =
          perText
              ? Arrays.copyOfRange(values, row * dimensions, (row + 1) * dimensions)
              : pooled(values, row * length * dimensions, tokens.get(row).length, dimensions);
      if (text.normalize()) {
        normalize(vectors[row]);
      }
    }
    return vectors;
  }

  private KeldaException misfit(String what) {
    return new KeldaException(
        ErrorCode.INVALID_FILE,
        "output \"%s\" of the model is %s, not FLOAT[texts, tokens, n] or FLOAT[texts, n]"
            .formatted(text.output(), what));
  }

  private float[] pooled(float[] values, int from, int tokens, int dimensions) {
    int used =
        switch (text.pooling()) {
          case MEAN -> tokens;
          case CLS -> 1;
        };
    float[] vector = new float[dimensions];
    for (int token = 0; token < used; token++) {
      int at = from + token * dimensions;
      for (int i = 0; i < dimensions; i++) {
        vector[i] += values[at + i];
      }
    }
    for (int i = 0; i < dimensions; i++) {
      vector[i] /= Math.max(used, 1);
    }
    return vector;
  }

  private static void normalize(float[] vector) {
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    float length = (float) Math.sqrt(squares);
    if (length > 0) {
      for (int i = 0; i < vector.length; i++) {
        vector[i] /= length;
      }
    }
  }
}
