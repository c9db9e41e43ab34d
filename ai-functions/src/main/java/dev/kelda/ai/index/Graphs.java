package dev.kelda.ai.index;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.hnsw.HnswGraphProvider;
import org.apache.lucene.codecs.perfield.PerFieldKnnVectorsFormat;
import org.apache.lucene.index.CodecReader;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.util.hnsw.HnswGraph;

/** The graphs of segments. */
final class Graphs {
  private Graphs() {}

  /** Empty for a segment whose vectors are compared one by one. */
  static Optional<HnswGraph> of(LeafReader reader) {
    if (!(reader instanceof CodecReader segment) || segment.getVectorReader() == null) {
      return Optional.empty();
    }
    KnnVectorsReader vectors =
        segment.getVectorReader() instanceof PerFieldKnnVectorsFormat.FieldsReader fields
            ? fields.getFieldReader(RowDocuments.VECTOR)
            : segment.getVectorReader();
    try {
      return vectors instanceof HnswGraphProvider provider
          ? Optional.ofNullable(provider.getGraph(RowDocuments.VECTOR)).filter(g -> g.size() > 0)
          : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
