package dev.kelda.ai.index;

import dev.kelda.spi.connector.Search.Measure;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Optional;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.Term;
import org.apache.lucene.index.VectorSimilarityFunction;

/**
 * What a Lucene index holds: a document for every row, and one for every file whose rows it holds.
 *
 * <pre>
 * row   file, position   where it is; changed in place when another file has the row now
 *       hash_high, _low  of what is indexed, so that a row that has moved is known again
 *       vector | text0 … what is indexed; a row without has nothing to be found by
 * file  file_key         its number here, as a term; path, deletes: stored
 * </pre>
 */
final class RowDocuments {
  static final String FILE = "file";
  static final String POSITION = "position";
  static final String HASH_HIGH = "hash_high";
  static final String HASH_LOW = "hash_low";
  static final String VECTOR = "vector";
  static final String FILE_KEY = "file_key";
  static final String PATH = "path";
  static final String DELETES = "deletes";
  static final String NUMBER = "number";

  private RowDocuments() {}

  static String text(int column) {
    return "text" + column;
  }

  /** What two rows with the same content have in common. */
  record Hash(long high, long low) {
    static Hash of(IndexedRow row) {
      MessageDigest digest = digest();
      for (Optional<String> text : row.texts()) {
        byte[] bytes = text.orElse("").getBytes(StandardCharsets.UTF_8);
        int length = text.isPresent() ? bytes.length : -1;
        digest.update(ByteBuffer.allocate(4).putInt(length).array());
        digest.update(bytes);
      }
      row.vector()
          .ifPresent(
              vector -> {
                ByteBuffer bytes = ByteBuffer.allocate(vector.length * Float.BYTES);
                bytes.asFloatBuffer().put(vector);
                digest.update(bytes);
              });
      ByteBuffer hash = ByteBuffer.wrap(digest.digest());
      return new Hash(hash.getLong(), hash.getLong());
    }

    private static MessageDigest digest() {
      try {
        return MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /**
   * @param vector as it is indexed; empty for a row that is never found
   */
  static Document row(
      int file,
      long position,
      Hash hash,
      List<Optional<String>> texts,
      Optional<KnnFloatVectorField> vector) {
    Document document = new Document();
    place(file, position).forEach(document::add);
    document.add(new NumericDocValuesField(HASH_HIGH, hash.high()));
    document.add(new NumericDocValuesField(HASH_LOW, hash.low()));
    vector.ifPresent(document::add);
    for (int i = 0; i < texts.size(); i++) {
      String name = text(i);
      texts.get(i).ifPresent(t -> document.add(new TextField(name, t, Field.Store.NO)));
    }
    return document;
  }

  static List<NumericDocValuesField> place(int file, long position) {
    return List.of(
        new NumericDocValuesField(FILE, file), new NumericDocValuesField(POSITION, position));
  }

  static Document file(int number, String path, String deletes) {
    Document document = new Document();
    document.add(new StringField(FILE_KEY, String.valueOf(number), Field.Store.NO));
    document.add(new StoredField(NUMBER, number));
    document.add(new StoredField(PATH, path));
    document.add(new StoredField(DELETES, deletes));
    return document;
  }

  static Term fileKey(int number) {
    return new Term(FILE_KEY, String.valueOf(number));
  }

  /** Directions are compared by the dot product of vectors of length 1. */
  static VectorSimilarityFunction similarity(Measure measure) {
    return switch (measure) {
      case COSINE -> VectorSimilarityFunction.DOT_PRODUCT;
      case EUCLIDEAN -> VectorSimilarityFunction.EUCLIDEAN;
      case DOT_PRODUCT -> VectorSimilarityFunction.MAXIMUM_INNER_PRODUCT;
      case TEXT -> throw new IllegalArgumentException("texts have no vectors");
    };
  }
}
