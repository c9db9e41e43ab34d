package dev.kelda.ai.registry;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * One version of a model. It never changes but for tags and metrics.
 *
 * @param model lower case
 * @param hash SHA-256 of the file, hexadecimal; names it in the warehouse
 * @param source where the file was copied from
 * @param trainingDataset what it was trained on, as CREATE MODEL said; empty = not known
 * @param text how it makes vectors of texts; empty = it predicts
 */
public record ModelVersion(
    String model,
    long version,
    String hash,
    long size,
    Signature signature,
    String source,
    String trainingDataset,
    Map<String, String> tags,
    Map<String, String> metrics,
    Instant createdAt,
    String createdBy,
    Optional<TextModel> text) {
  public ModelVersion {
    requireNonNull(model, "model is null");
    requireNonNull(hash, "hash is null");
    requireNonNull(signature, "signature is null");
    requireNonNull(source, "source is null");
    requireNonNull(trainingDataset, "trainingDataset is null");
    tags = Map.copyOf(tags);
    metrics = Map.copyOf(metrics);
    requireNonNull(createdAt, "createdAt is null");
    requireNonNull(createdBy, "createdBy is null");
    requireNonNull(text, "text is null");
  }

  /** {@code delay@3}. */
  public String reference() {
    return model + "@" + version;
  }
}
