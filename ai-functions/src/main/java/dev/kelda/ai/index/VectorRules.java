package dev.kelda.ai.index;

import dev.kelda.spi.connector.Search.Measure;
import java.util.Optional;

/** Which vectors can be found, and what they are compared as. */
final class VectorRules {
  private VectorRules() {}

  /**
   * The vector as it is indexed: of length 1 where directions are compared.
   *
   * @return empty for one that nothing is near to: with NaN or infinite elements, or without
   *     direction
   */
  static Optional<float[]> indexable(float[] vector, Measure measure) {
    double squares = 0;
    for (float element : vector) {
      if (!Float.isFinite(element)) {
        return Optional.empty();
      }
      squares += (double) element * element;
    }
    if (vector.length == 0) {
      return Optional.empty();
    }
    if (measure != Measure.COSINE) {
      return Optional.of(vector);
    }
    if (squares == 0) {
      return Optional.empty();
    }
    double length = Math.sqrt(squares);
    float[] direction = new float[vector.length];
    for (int i = 0; i < vector.length; i++) {
      direction[i] = (float) (vector[i] / length);
    }
    return Optional.of(direction);
  }

  /** The distance of two indexable vectors. */
  static double distance(float[] a, float[] b, Measure measure) {
    double sum = 0;
    if (measure == Measure.EUCLIDEAN) {
      for (int i = 0; i < a.length; i++) {
        double difference = (double) a[i] - b[i];
        sum += difference * difference;
      }
      return Math.sqrt(sum);
    }
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return measure == Measure.COSINE ? 1 - Math.clamp(sum, -1, 1) : -sum;
  }
}
