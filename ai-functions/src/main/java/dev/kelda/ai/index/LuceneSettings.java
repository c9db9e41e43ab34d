package dev.kelda.ai.index;

import dev.kelda.ai.index.IndexOptions.Quantization;
import java.io.IOException;
import java.util.concurrent.ExecutorService;
import org.apache.lucene.codecs.Codec;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.KnnVectorsWriter;
import org.apache.lucene.codecs.lucene104.Lucene104Codec;
import org.apache.lucene.codecs.lucene104.Lucene104HnswScalarQuantizedVectorsFormat;
import org.apache.lucene.codecs.lucene99.Lucene99HnswVectorsFormat;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.NoMergePolicy;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.index.SegmentWriteState;
import org.apache.lucene.index.SerialMergeScheduler;
import org.apache.lucene.util.quantization.QuantizedByteVectorValues.ScalarEncoding;

/**
 * How indexes are written: rows without a graph first, which is made once, of all rows, by several
 * threads.
 */
final class LuceneSettings {
  /** Longer vectors than these are refused. */
  static final int MOST_DIMENSIONS = 4096;

  /** Fewer vectors in a segment are compared one by one. */
  static final int FLAT_ROWS = 2_000;

  private static final double BUFFER_MEGABYTES = 128;

  private LuceneSettings() {}

  /** For a writer that adds rows and merges nothing. */
  static IndexWriterConfig adding(IndexOptions options) {
    return config(options, new Format(options, 1, null, Integer.MAX_VALUE))
        .setMergePolicy(NoMergePolicy.INSTANCE);
  }

  /**
   * For a writer that merges segments.
   *
   * @param workers runs the parts of a merge; threads at least
   */
  static IndexWriterConfig merging(IndexOptions options, int threads, ExecutorService workers) {
    Format format = new Format(options, threads, threads > 1 ? workers : null, FLAT_ROWS);
    return config(options, format).setMergeScheduler(new SerialMergeScheduler());
  }

  private static IndexWriterConfig config(IndexOptions options, Format format) {
    return new IndexWriterConfig(options.analyzer().analyzer())
        .setCodec(codec(format))
        .setRAMBufferSizeMB(BUFFER_MEGABYTES)
        .setCommitOnClose(false);
  }

  /** Read by the codec's own name: only what is written is chosen here. */
  private static Codec codec(KnnVectorsFormat vectors) {
    return new Lucene104Codec() {
      @Override
      public KnnVectorsFormat getKnnVectorsFormatForField(String field) {
        return vectors;
      }
    };
  }

  /** Lucene's formats under their own names, for longer vectors. */
  private static final class Format extends KnnVectorsFormat {
    private final KnnVectorsFormat format;

    Format(IndexOptions options, int threads, ExecutorService workers, int flatRows) {
      this(format(options, threads, workers, flatRows));
    }

    private Format(KnnVectorsFormat format) {
      super(format.getName());
      this.format = format;
    }

    private static KnnVectorsFormat format(
        IndexOptions options, int threads, ExecutorService workers, int flatRows) {
      int m = options.connections();
      int construction = options.construction();
      if (options.quantization() == Quantization.NONE) {
        return new Lucene99HnswVectorsFormat(m, construction, threads, workers, flatRows);
      }
      ScalarEncoding encoding =
          options.quantization() == Quantization.INT8
              ? ScalarEncoding.UNSIGNED_BYTE
              : ScalarEncoding.SINGLE_BIT_QUERY_NIBBLE;
      return new Lucene104HnswScalarQuantizedVectorsFormat(
          encoding, m, construction, threads, workers, flatRows);
    }

    @Override
    public KnnVectorsWriter fieldsWriter(SegmentWriteState state) throws IOException {
      return format.fieldsWriter(state);
    }

    @Override
    public KnnVectorsReader fieldsReader(SegmentReadState state) throws IOException {
      return format.fieldsReader(state);
    }

    @Override
    public int getMaxDimensions(String field) {
      return MOST_DIMENSIONS;
    }
  }
}
