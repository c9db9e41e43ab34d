package dev.kelda.ai.index;

import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;

import dev.kelda.spi.connector.AddressedTable;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.SqlQuery;
import dev.kelda.spi.extension.StatementContext;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.FloatingPointVector;
import org.apache.arrow.vector.ValueVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.ipc.ArrowReader;

/**
 * Reads what an index needs of a table, through the engine: deletes and changes of the schema are
 * its.
 */
record RowSource(IndexDefinition index, AddressedTable table, StatementContext context) {
  private static final String ROWS = "$rows";

  RowSource {
    requireNonNull(index, "index is null");
    requireNonNull(table, "table is null");
    requireNonNull(context, "context is null");
  }

  /**
   * Reads the columns of some files.
   *
   * @param files their numbers
   * @param batch takes the rows of one batch, in this thread
   */
  void read(IntPredicate files, Consumer<List<IndexedRow>> batch) {
    String columns = index.columns().stream().map(RowSource::quoted).collect(joining(", "));
    boolean texts = !index.ofVectors() || index.model().isPresent();
    query(files, columns, root -> batch.accept(rows(root, texts)));
  }

  /** The addresses of the rows that are not deleted. */
  void addresses(IntPredicate files, Consumer<BigIntVector> batch) {
    query(files, "", root -> batch.accept((BigIntVector) root.getVector(0)));
  }

  private void query(IntPredicate files, String columns, Consumer<VectorSchemaRoot> batch) {
    String sql =
        "SELECT \"%s\"%s FROM \"%s\""
            .formatted(AddressedTable.ADDRESS, columns.isEmpty() ? "" : ", " + columns, ROWS);
    Map<String, Table> tables = Map.of(ROWS, table.addressed(files));
    try (ArrowReader reader = context.query(SqlQuery.of(sql), List.of(), tables)) {
      while (reader.loadNextBatch()) {
        context.checkpoint();
        batch.accept(reader.getVectorSchemaRoot());
      }
    } catch (IOException e) {
      throw new KeldaException(ErrorCode.INTERNAL_ERROR, "reading rows: " + e.getMessage(), e);
    }
  }

  private static List<IndexedRow> rows(VectorSchemaRoot root, boolean texts) {
    BigIntVector addresses = (BigIntVector) root.getVector(0);
    List<FieldVector> columns = root.getFieldVectors().subList(1, root.getFieldVectors().size());
    List<IndexedRow> rows = new ArrayList<>(root.getRowCount());
    for (int row = 0; row < root.getRowCount(); row++) {
      int at = row;
      rows.add(
          new IndexedRow(
              addresses.get(row),
              texts ? columns.stream().map(c -> text(c, at)).toList() : List.of(),
              texts ? Optional.empty() : vector(columns.getFirst(), row)));
    }
    return rows;
  }

  private static Optional<String> text(FieldVector column, int row) {
    return column.isNull(row)
        ? Optional.empty()
        : Optional.of(new String(((VarCharVector) column).get(row), StandardCharsets.UTF_8));
  }

  /** The numbers of one array; empty where it is NULL or one of them is. */
  static Optional<float[]> vector(FieldVector column, int row) {
    if (column.isNull(row)) {
      return Optional.empty();
    }
    ValueVector values;
    int start;
    int end;
    if (column instanceof FixedSizeListVector list) {
      values = list.getDataVector();
      start = list.getElementStartIndex(row);
      end = list.getElementEndIndex(row);
    } else {
      ListVector list = (ListVector) column;
      values = list.getDataVector();
      start = list.getElementStartIndex(row);
      end = list.getElementEndIndex(row);
    }
    boolean whole = IntStream.range(start, end).noneMatch(values::isNull);
    if (!whole) {
      return Optional.empty();
    }
    float[] vector = new float[end - start];
    if (values instanceof Float4Vector singles) {
      for (int i = start; i < end; i++) {
        vector[i - start] = singles.get(i);
      }
    } else {
      FloatingPointVector numbers = (FloatingPointVector) values;
      for (int i = start; i < end; i++) {
        vector[i - start] = (float) numbers.getValueAsDouble(i);
      }
    }
    return Optional.of(vector);
  }

  static String quoted(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }
}
