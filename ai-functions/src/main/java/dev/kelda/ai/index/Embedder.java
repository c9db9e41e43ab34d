package dev.kelda.ai.index;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.SqlQuery;
import dev.kelda.spi.extension.StatementContext;
import dev.kelda.spi.rows.Columns;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;

/** Vectors of texts, by {@code EMBED} as a query of the statement. */
record Embedder(String model, StatementContext context) {
  private static final String TEXTS = "$texts";
  private static final int PARTITION_ROWS = 256;

  Embedder {
    requireNonNull(model, "model is null");
    requireNonNull(context, "context is null");
  }

  /** Parallel to the texts. */
  List<Optional<float[]>> embed(List<String> texts) {
    List<Optional<float[]>> vectors = new ArrayList<>();
    texts.forEach(text -> vectors.add(Optional.empty()));
    if (texts.isEmpty()) {
      return vectors;
    }
    String sql =
        "SELECT \"n\", EMBED(\"text\", '%s') FROM \"%s\""
            .formatted(model.replace("'", "''"), TEXTS);
    try (ArrowReader reader =
        context.query(SqlQuery.of(sql), List.of(), Map.of(TEXTS, new Texts(texts)))) {
      while (reader.loadNextBatch()) {
        VectorSchemaRoot root = reader.getVectorSchemaRoot();
        IntVector numbers = (IntVector) root.getVector(0);
        for (int row = 0; row < root.getRowCount(); row++) {
          vectors.set(numbers.get(row), RowSource.vector(root.getVector(1), row));
        }
      }
    } catch (IOException e) {
      throw new KeldaException(ErrorCode.INTERNAL_ERROR, "embedding: " + e.getMessage(), e);
    }
    return vectors;
  }

  private record Numbered(int n, String text) {}

  /** In several partitions, which the engine runs in parallel. */
  private record Texts(List<String> texts) implements Table {
    private static final Columns<Numbered> COLUMNS =
        Columns.of(Numbered.class).integer("n", Numbered::n).text("text", Numbered::text);

    @Override
    public Schema schema() {
      return COLUMNS.schema();
    }

    @Override
    public TableKind kind() {
      return TableKind.SYSTEM_TABLE;
    }

    @Override
    public String version() {
      return "";
    }

    @Override
    public Scan scan(List<Predicate> conjuncts) {
      return new Scan.Java() {
        @Override
        public int partitions() {
          return Math.ceilDiv(texts.size(), PARTITION_ROWS);
        }

        @Override
        public String description() {
          return texts.size() + " texts";
        }

        @Override
        public ArrowReader open(BufferAllocator allocator, Scan.OpenRequest request) {
          int from = request.partition() * PARTITION_ROWS;
          List<Numbered> some =
              IntStream.range(from, Math.min(texts.size(), from + PARTITION_ROWS))
                  .mapToObj(n -> new Numbered(n, texts.get(n)))
                  .toList();
          return COLUMNS.reader(allocator, some, request.columns());
        }
      };
    }
  }
}
