package dev.kelda.server.flight;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BaseVariableWidthVector;
import org.apache.arrow.vector.BaseVariableWidthViewVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.ValueVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ViewVarBinaryVector;
import org.apache.arrow.vector.ViewVarCharVector;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.dictionary.DictionaryEncoder;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * The batches a client uploads, checked before anybody looks at them: offsets, lengths and values
 * are within their buffers, nesting is bounded. Dictionaries are decoded. A batch waits for the
 * reader, the next ones for flow control.
 */
final class UploadReader extends ArrowReader {
  private static final int MOST_DEPTH = 64;
  private static final int MOST_COLUMNS = 10_000;

  private final FlightStream stream;
  private long bytes;

  /**
   * @throws KeldaException INVALID_ARGUMENT for a schema out of bounds
   */
  UploadReader(FlightStream stream, BufferAllocator allocator) {
    super(allocator);
    this.stream = requireNonNull(stream, "stream is null");
  }

  @Override
  protected Schema readSchema() {
    Schema schema = stream.getSchema();
    if (schema.getFields().size() > MOST_COLUMNS) {
      throw invalid("more than " + MOST_COLUMNS + " columns");
    }
    return new Schema(schema.getFields().stream().map(field -> decoded(field, 0)).toList());
  }

  private Field decoded(Field field, int depth) {
    if (depth > MOST_DEPTH) {
      throw invalid("column \"" + field.getName() + "\" is nested deeper than " + MOST_DEPTH);
    }
    DictionaryEncoding encoding = field.getDictionary();
    if (encoding == null) {
      List<Field> children =
          field.getChildren().stream().map(child -> decoded(child, depth + 1)).toList();
      return new Field(field.getName(), withoutView(field, depth), children);
    }
    if (depth > 0) {
      throw invalid("a dictionary inside of a nested column is not supported");
    }
    Field values = dictionary(encoding).getVector().getField();
    return new Field(
        field.getName(),
        new FieldType(field.isNullable(), values.getType(), null, field.getMetadata()),
        values.getChildren());
  }

  // Polars sends texts as views; Arrow Java can neither validate nor export those.
  private static FieldType withoutView(Field field, int depth) {
    ArrowType plain =
        switch (field.getType()) {
          case ArrowType.Utf8View ignored -> ArrowType.Utf8.INSTANCE;
          case ArrowType.BinaryView ignored -> ArrowType.Binary.INSTANCE;
          default -> field.getType();
        };
    if (plain == field.getType()) {
      return field.getFieldType();
    }
    if (depth > 0) {
      throw invalid("a text or binary view inside of a nested column is not supported");
    }
    return new FieldType(field.isNullable(), plain, null, field.getMetadata());
  }

  @Override
  public boolean loadNextBatch() {
    VectorSchemaRoot ours = root();
    ours.clear();
    try {
      while (stream.next()) {
        VectorSchemaRoot theirs = stream.getRoot();
        if (theirs.getRowCount() > 0) {
          take(theirs, ours);
          return true;
        }
      }
      return false;
    } catch (FlightRuntimeException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT, "a batch of the upload is malformed: " + e.getMessage(), e);
    }
  }

  private void take(VectorSchemaRoot theirs, VectorSchemaRoot ours) {
    List<FieldVector> from = theirs.getFieldVectors();
    for (int i = 0; i < from.size(); i++) {
      if (from.get(i) instanceof BaseVariableWidthViewVector views) {
        copy(views, (BaseVariableWidthVector) ours.getVector(i));
        bytes += ours.getVector(i).getBufferSize();
        continue;
      }
      UploadCheck.check(from.get(i));
      DictionaryEncoding encoding = from.get(i).getField().getDictionary();
      if (encoding == null) {
        from.get(i).makeTransferPair(ours.getVector(i)).transfer();
      } else {
        try (ValueVector values = DictionaryEncoder.decode(from.get(i), dictionary(encoding))) {
          values.makeTransferPair(ours.getVector(i)).transfer();
        }
      }
      bytes += ours.getVector(i).getBufferSize();
    }
    ours.setRowCount(theirs.getRowCount());
  }

  private static void copy(BaseVariableWidthViewVector from, BaseVariableWidthVector to) {
    to.allocateNew(from.getValueCount());
    for (int row = 0; row < from.getValueCount(); row++) {
      if (!from.isNull(row)) {
        to.setSafe(row, bytes(from, row));
      }
    }
    to.setValueCount(from.getValueCount());
  }

  private static byte[] bytes(BaseVariableWidthViewVector views, int row) {
    return views instanceof ViewVarCharVector texts
        ? texts.get(row)
        : ((ViewVarBinaryVector) views).get(row);
  }

  private Dictionary dictionary(DictionaryEncoding encoding) {
    Dictionary dictionary = stream.getDictionaryProvider().lookup(encoding.getId());
    if (dictionary == null) {
      throw invalid("dictionary " + encoding.getId() + " is missing");
    }
    return dictionary;
  }

  private VectorSchemaRoot root() {
    try {
      return getVectorSchemaRoot();
    } catch (java.io.IOException e) {
      throw invalid(e.getMessage());
    }
  }

  /** All rows as batches of scalars; for parameters. */
  static <T> List<T> collect(
      UploadReader reader, java.util.function.Function<VectorSchemaRoot, List<T>> rows) {
    List<T> all = new ArrayList<>();
    while (reader.loadNextBatch()) {
      all.addAll(rows.apply(reader.root()));
    }
    return all;
  }

  @Override
  public long bytesRead() {
    return bytes;
  }

  /** The stream belongs to the call. */
  @Override
  protected void closeReadSource() {}

  private static KeldaException invalid(String reason) {
    return new KeldaException(ErrorCode.INVALID_ARGUMENT, "the upload is malformed: " + reason);
  }
}
