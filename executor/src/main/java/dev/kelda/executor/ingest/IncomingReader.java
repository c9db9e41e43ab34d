package dev.kelda.executor.ingest;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.dictionary.DictionaryEncoder;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.arrow.vector.util.TransferPair;

/** Some columns of another reader, dictionaries replaced by their values; leaves it open. */
final class IncomingReader extends ArrowReader {
  private final ArrowReader source;
  private final List<Integer> columns;

  IncomingReader(BufferAllocator allocator, ArrowReader source, List<Integer> columns) {
    super(allocator);
    this.source = source;
    this.columns = columns;
  }

  /** The columns of a reader as this class hands them on. */
  static Schema decoded(ArrowReader source) throws IOException {
    List<Field> fields = new ArrayList<>();
    for (Field field : source.getVectorSchemaRoot().getSchema().getFields()) {
      fields.add(decoded(source, field));
    }
    return new Schema(fields);
  }

  private static Field decoded(ArrowReader source, Field field) {
    if (field.getDictionary() == null) {
      return field;
    }
    Field values = source.lookup(field.getDictionary().getId()).getVector().getField();
    return new Field(
        field.getName(),
        new FieldType(field.isNullable(), values.getType(), null),
        values.getChildren());
  }

  @Override
  protected Schema readSchema() throws IOException {
    List<Field> all = decoded(source).getFields();
    return new Schema(columns.stream().map(all::get).toList());
  }

  @Override
  public boolean loadNextBatch() throws IOException {
    VectorSchemaRoot ours = getVectorSchemaRoot();
    ours.clear();
    if (!source.loadNextBatch()) {
      return false;
    }
    VectorSchemaRoot theirs = source.getVectorSchemaRoot();
    for (int i = 0; i < columns.size(); i++) {
      FieldVector from = theirs.getVector(columns.get(i));
      if (from.getField().getDictionary() == null) {
        move(from, ours.getVector(i));
      } else {
        Dictionary dictionary = source.lookup(from.getField().getDictionary().getId());
        try (FieldVector values =
            (FieldVector) DictionaryEncoder.decode(from, dictionary, allocator)) {
          move(values, ours.getVector(i));
        }
      }
    }
    ours.setRowCount(theirs.getRowCount());
    return true;
  }

  private static void move(FieldVector from, FieldVector to) {
    TransferPair transfer = from.makeTransferPair(to);
    transfer.transfer();
  }

  @Override
  public long bytesRead() {
    return source.bytesRead();
  }

  @Override
  protected void closeReadSource() {}
}
