package dev.kelda.feature.refresh;

import dev.kelda.spi.connector.BatchReader;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.connector.TableStatistics;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Keys whose rows are made anew, as a table of one statement.
 *
 * @param streams Arrow IPC streams of the schema
 * @param withNulls columns that have NULLs
 */
record ChangedKeys(Schema schema, List<byte[]> streams, long rows, Set<Integer> withNulls)
    implements Table {
  /** More keys than this are not worth it: everything is made anew. */
  private static final long MOST_BYTES = 64L << 20;

  ChangedKeys {
    streams = List.copyOf(streams);
    withNulls = Set.copyOf(withNulls);
  }

  /** Collects keys of several queries. */
  static final class Collector {
    private final List<byte[]> streams = new ArrayList<>();
    private final Set<Integer> withNulls = new HashSet<>();
    private long bytes;
    private long rows;
    private Schema schema;

    /**
     * Takes all rows and closes them.
     *
     * @return false when there are too many
     */
    boolean add(ArrowReader keys) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      try (keys;
          ArrowStreamWriter writer =
              new ArrowStreamWriter(keys.getVectorSchemaRoot(), keys, Channels.newChannel(out))) {
        schema = keys.getVectorSchemaRoot().getSchema();
        while (keys.loadNextBatch()) {
          rows += keys.getVectorSchemaRoot().getRowCount();
          noteNulls(keys.getVectorSchemaRoot());
          writer.writeBatch();
          if (bytes + out.size() > MOST_BYTES) {
            return false;
          }
        }
        writer.end();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      bytes += out.size();
      streams.add(out.toByteArray());
      return true;
    }

    private void noteNulls(VectorSchemaRoot batch) {
      for (int i = 0; i < schema.getFields().size(); i++) {
        if (batch.getVector(i).getNullCount() > 0) {
          withNulls.add(i);
        }
      }
    }

    /** Empty when there are none. */
    Optional<ChangedKeys> all() {
      return rows == 0
          ? Optional.empty()
          : Optional.of(new ChangedKeys(schema, streams, rows, withNulls));
    }
  }

  @Override
  public TableKind kind() {
    return TableKind.SYSTEM_TABLE;
  }

  @Override
  public TableStatistics statistics() {
    return new TableStatistics(OptionalDouble.of(rows), Map.of());
  }

  @Override
  public String version() {
    return Integer.toHexString(System.identityHashCode(streams));
  }

  @Override
  public Scan scan(List<Predicate> conjuncts) {
    return new Scan.Java() {
      @Override
      public String description() {
        return "changed keys";
      }

      @Override
      public ArrowReader open(BufferAllocator allocator, Scan.OpenRequest request) {
        Schema wanted =
            new Schema(request.columns().stream().map(schema.getFields()::get).toList());
        return new Replay(allocator, wanted, request.columns());
      }
    };
  }

  private final class Replay extends BatchReader {
    private final BufferAllocator buffers;
    private final List<Integer> wanted;
    private int next;
    private Optional<ArrowStreamReader> current = Optional.empty();

    Replay(BufferAllocator allocator, Schema schema, List<Integer> wanted) {
      super(allocator, schema);
      this.buffers = allocator;
      this.wanted = wanted;
    }

    @Override
    protected int fill(VectorSchemaRoot root) throws IOException {
      while (true) {
        if (current.isEmpty()) {
          if (next == streams.size()) {
            return 0;
          }
          current =
              Optional.of(
                  new ArrowStreamReader(new ByteArrayInputStream(streams.get(next++)), buffers));
        }
        ArrowStreamReader reader = current.get();
        if (!reader.loadNextBatch()) {
          reader.close();
          current = Optional.empty();
          continue;
        }
        VectorSchemaRoot batch = reader.getVectorSchemaRoot();
        for (int i = 0; i < wanted.size(); i++) {
          batch.getVector(wanted.get(i)).makeTransferPair(root.getVector(i)).transfer();
        }
        if (batch.getRowCount() > 0) {
          return batch.getRowCount();
        }
      }
    }

    @Override
    protected void closeReadSource() throws IOException {
      if (current.isPresent()) {
        current.get().close();
      }
    }
  }
}
