package dev.kelda.ai.index;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TestHits {
  @Test
  void theBestComeFirstAndEqualOnesByAddress() {
    Hits.Best nearest = new Hits.Best(3, true);
    double[] distances = {0.5, 0.1, 0.5, 0.9, 0.5};
    for (int i = 0; i < distances.length; i++) {
      nearest.add(10 - i, distances[i]);
    }
    assertThat(nearest.hits().addresses()).containsExactly(9, 6, 8);
    assertThat(nearest.hits().values()).containsExactly(0.1, 0.5, 0.5);
    Hits.Best greatest = new Hits.Best(2, false);
    for (int i = 0; i < distances.length; i++) {
      greatest.add(i, distances[i]);
    }
    assertThat(greatest.hits().addresses()).containsExactly(3, 0);
  }
}
