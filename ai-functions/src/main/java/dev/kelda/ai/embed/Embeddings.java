package dev.kelda.ai.embed;

import static java.util.Objects.requireNonNull;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.kelda.ai.Models;
import dev.kelda.ai.registry.ModelFiles;
import dev.kelda.ai.registry.ModelFiles.Kind;
import dev.kelda.ai.registry.ModelVersion;
import dev.kelda.ai.registry.OnnxTextModel;
import dev.kelda.ai.registry.RemoteTextModel;
import dev.kelda.ai.registry.TextModel;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;

/**
 * Vectors of texts. Equal texts are embedded once; the latest are remembered, so that a text that
 * stands in a query is embedded once and not per batch. Thread-safe.
 */
public final class Embeddings implements AutoCloseable {
  /** Tokens of one call of a model, padding included: what stays in a core's cache is fastest. */
  private static final int TOKENS_PER_CALL = 512;

  private static final long CACHE_BYTES = 32L << 20;
  private static final int MOST_TOKENIZERS = 32;

  private record Known(String hash, TextModel model, String text) {}

  private record TokenizerKey(String hash, int mostTokens) {}

  private final Models models;
  private final ModelFiles files;
  private final EmbeddingServer server;
  private final Workers workers;
  private final Cache<TokenizerKey, Tokenizer> tokenizers =
      Caffeine.newBuilder().maximumSize(MOST_TOKENIZERS).build();
  private final Cache<Known, float[]> known =
      Caffeine.newBuilder()
          .maximumWeight(CACHE_BYTES)
          .weigher((Known k, float[] v) -> 100 + 2 * k.text().length() + 4 * v.length)
          .build();

  public Embeddings(Models models, ModelFiles files, EmbeddingServer server, int threads) {
    this.models = requireNonNull(models, "models is null");
    this.files = requireNonNull(files, "files is null");
    this.server = requireNonNull(server, "server is null");
    this.workers = new Workers("kelda-embed", threads);
  }

  /**
   * @param version of a model for texts
   * @param allocator for what a call needs; empty again afterwards
   * @param checkpoint throws when the call shall stop; asked often
   * @return a vector per text; equal texts share one, which nobody may change
   */
  public List<float[]> of(
      ModelVersion version, List<String> texts, BufferAllocator allocator, Runnable checkpoint) {
    TextModel model = version.text().orElseThrow(() -> noTextModel(version));
    Map<String, float[]> vectors = new HashMap<>();
    List<String> unknown = new ArrayList<>();
    for (String text : texts) {
      if (!vectors.containsKey(text)) {
        float[] vector = known.getIfPresent(new Known(version.hash(), model, text));
        vectors.put(text, vector);
        if (vector == null) {
          unknown.add(text);
        }
      }
    }
    if (!unknown.isEmpty()) {
      List<float[]> made =
          switch (model) {
            case OnnxTextModel onnx -> embed(version, onnx, unknown, allocator, checkpoint);
            case RemoteTextModel remote -> server.of(remote, unknown, checkpoint);
          };
      for (int i = 0; i < made.size(); i++) {
        vectors.put(unknown.get(i), made.get(i));
        known.put(new Known(version.hash(), model, unknown.get(i)), made.get(i));
      }
    }
    return texts.stream().map(vectors::get).toList();
  }

  private List<float[]> embed(
      ModelVersion version,
      OnnxTextModel text,
      List<String> texts,
      BufferAllocator allocator,
      Runnable checkpoint) {
    Tokenizer tokenizer =
        tokenizers.get(
            new TokenizerKey(text.tokenizer(), text.mostTokens()),
            key -> Tokenizer.of(files.load(Kind.TOKENIZER, key.hash()), key.mostTokens()));
    List<long[]> tokens = tokenizer.encode(texts);
    List<List<Integer>> calls = calls(tokens);
    float[][] vectors = new float[texts.size()][];
    models.use(
        version,
        texts.size(),
        checkpoint,
        (model, options) -> {
          TextEncoder encoder = new TextEncoder(model, text, allocator);
          workers.forEach(
              calls,
              call -> {
                checkpoint.run();
                float[][] some = encoder.encode(call.stream().map(tokens::get).toList(), options);
                for (int i = 0; i < some.length; i++) {
                  vectors[call.get(i)] = some[i];
                }
              });
          return vectors;
        });
    return Arrays.asList(vectors);
  }

  /** Texts of about the same length go into one call, so that little is padded. */
  private static List<List<Integer>> calls(List<long[]> tokens) {
    List<Integer> byLength =
        IntStream.range(0, tokens.size())
            .boxed()
            .sorted(Comparator.comparingInt(i -> tokens.get(i).length))
            .toList();
    List<List<Integer>> calls = new ArrayList<>();
    List<Integer> call = new ArrayList<>();
    for (int text : byLength) {
      if (!call.isEmpty() && (call.size() + 1) * tokens.get(text).length > TOKENS_PER_CALL) {
        calls.add(call);
        call = new ArrayList<>();
      }
      call.add(text);
    }
    calls.add(call);
    return calls
        .reversed(); // the long ones first: the last calls, which some threads wait for, are short
  }

  static KeldaException noTextModel(ModelVersion version) {
    return new KeldaException(
        ErrorCode.INVALID_ARGUMENT,
        "model \"%s\" has no tokenizer and embeds no texts; use PREDICT"
            .formatted(version.model()));
  }

  @Override
  public void close() {
    workers.close();
  }
}
