package dev.kelda.ai.serve;

import static java.util.Objects.requireNonNull;

import dev.kelda.ai.Models;
import dev.kelda.ai.embed.Embeddings;
import dev.kelda.ai.onnx.Prediction;
import dev.kelda.ai.onnx.WireTensor;
import dev.kelda.ai.registry.ModelBindings;
import dev.kelda.ai.registry.ModelVersion;
import dev.kelda.ai.registry.Signature.Element;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;

/** Calls of models outside of statements. Thread-safe. */
final class Inference implements AutoCloseable {
  static final long MOST_MILLIS = 30_000;

  private final Models models;
  private final Embeddings embeddings;
  private final BufferAllocator allocator;
  private final MicroBatches batches;

  Inference(Models models, Embeddings embeddings, BufferAllocator allocator, int threads) {
    this.models = requireNonNull(models, "models is null");
    this.embeddings = requireNonNull(embeddings, "embeddings is null");
    this.allocator = requireNonNull(allocator, "allocator is null");
    this.batches = new MicroBatches(threads);
  }

  /**
   * @param inputs one per input of the model, in its order
   * @return one per output
   */
  List<WireTensor> run(ModelVersion version, List<WireTensor> inputs) {
    return batches.run(
        ModelBindings.binding(version), inputs, joined -> call(version, joined), MOST_MILLIS);
  }

  private List<WireTensor> call(ModelVersion version, List<WireTensor> inputs) {
    long end = System.nanoTime() + MOST_MILLIS * 1_000_000;
    Runnable checkpoint =
        () -> {
          if (System.nanoTime() > end) {
            throw new KeldaException(
                ErrorCode.TIMEOUT, "the model took longer than " + MOST_MILLIS + " ms");
          }
        };
    return version.text().isPresent()
        ? List.of(embedded(version, inputs.getFirst().texts(), checkpoint))
        : models.use(
            version,
            inputs.getFirst().rows(),
            checkpoint,
            (model, options) -> Prediction.run(model, version.signature(), inputs, options));
  }

  private WireTensor embedded(ModelVersion version, List<String> texts, Runnable checkpoint) {
    List<float[]> vectors = embeddings.of(version, texts, allocator, checkpoint);
    int dimensions = version.text().orElseThrow().dimensions();
    ByteBuffer data =
        ByteBuffer.allocate(vectors.size() * dimensions * Float.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    vectors.forEach(
        vector -> {
          for (float value : vector) {
            data.putFloat(value);
          }
        });
    return new WireTensor(
        version.signature().outputs().getFirst().name(),
        Element.REAL,
        List.of((long) vectors.size(), (long) dimensions),
        data.flip(),
        List.of());
  }

  @Override
  public void close() {
    batches.close();
  }
}
