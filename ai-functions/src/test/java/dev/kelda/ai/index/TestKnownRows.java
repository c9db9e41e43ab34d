package dev.kelda.ai.index;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kelda.ai.index.RowDocuments.Hash;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TestKnownRows {
  @Test
  void aDocumentIsTakenOnce() {
    KnownRows rows = new KnownRows();
    for (int document = 0; document < 1000; document++) {
      rows.add(document, new Hash(document % 10, document % 100));
    }
    rows.index();
    Set<Integer> taken = new HashSet<>();
    for (int i = 0; i < 10; i++) {
      int document = rows.take(new Hash(3, 13));
      assertThat(document % 100).isEqualTo(13);
      assertThat(taken.add(document)).isTrue();
    }
    assertThat(rows.take(new Hash(3, 13))).isNegative();
    assertThat(rows.take(new Hash(4, 13))).isNegative();
    assertThat(rows.rest()).hasSize(990);
  }

  @Test
  void nothingIsKnownOfNothing() {
    KnownRows rows = new KnownRows();
    rows.index();
    assertThat(rows.take(new Hash(0, 0))).isNegative();
    assertThat(rows.rest()).isEmpty();
  }

  @Test
  void aHashTellsTextsApart() {
    Hash ab = Hash.of(row(Optional.of("a"), Optional.of("b")));
    assertThat(ab).isNotEqualTo(Hash.of(row(Optional.of("ab"), Optional.of(""))));
    assertThat(ab).isNotEqualTo(Hash.of(row(Optional.of("ab"), Optional.empty())));
    assertThat(Hash.of(row(Optional.empty()))).isNotEqualTo(Hash.of(row(Optional.of(""))));
    assertThat(ab).isEqualTo(Hash.of(row(Optional.of("a"), Optional.of("b"))));
  }

  @SafeVarargs
  private static IndexedRow row(Optional<String>... texts) {
    return new IndexedRow(7, List.of(texts), Optional.empty());
  }
}
