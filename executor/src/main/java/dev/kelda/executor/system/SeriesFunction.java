package dev.kelda.executor.system;

import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * {@code GENERATE_SERIES(from, to[, step])}, both ends included, and {@code RANGE([from,] to[,
 * step])} without the last one: rows of numbers, made as they are asked for.
 *
 * @param inclusive the last number is one of them
 */
record SeriesFunction(String name, boolean inclusive) implements TableFunction {
  private static final int BATCH_ROWS = 65_536;

  static List<TableFunction> all() {
    return List.of(new SeriesFunction("GENERATE_SERIES", true), new SeriesFunction("RANGE", false));
  }

  /** From 0 in a range of one argument. */
  private record Bounds(long from, long to, long step, boolean inclusive) {
    long count() {
      long last = inclusive ? to : Math.subtractExact(to, Long.signum(step));
      return (step > 0 ? last < from : last > from)
          ? 0
          : Math.addExact(Math.divideExact(Math.subtractExact(last, from), step), 1);
    }
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(
        new Parameter("from", CanonicalTypes.INT64, true),
        new Parameter("to", CanonicalTypes.INT64, inclusive),
        new Parameter("step", CanonicalTypes.INT64, false));
  }

  @Override
  public String description() {
    return inclusive
        ? "The numbers from one to another, both included."
        : "The numbers from one to another, the last one excluded; RANGE(n) from 0.";
  }

  @Override
  public Table apply(Map<String, Scalar> arguments) {
    long from = number(arguments, "from", 0);
    long step = number(arguments, "step", 1);
    boolean one = !arguments.containsKey("to");
    Bounds bounds =
        new Bounds(one ? 0 : from, one ? from : number(arguments, "to", 0), step, inclusive);
    if (step == 0) {
      throw new KeldaException(ErrorCode.INVALID_ARGUMENT, "the step of " + name + " is 0");
    }
    try {
      return new Numbers(name.toLowerCase(Locale.ROOT), bounds, bounds.count());
    } catch (ArithmeticException e) {
      throw new KeldaException(
          ErrorCode.NUMBER_OUT_OF_RANGE, name + " has more numbers than BIGINT counts");
    }
  }

  private static long number(Map<String, Scalar> arguments, String name, long otherwise) {
    Scalar given = arguments.get(name);
    return given == null ? otherwise : (Long) given.value().orElse(otherwise);
  }

  private record Numbers(String column, Bounds bounds, long count) implements Table {
    @Override
    public Schema schema() {
      return new Schema(List.of(Field.notNullable(column, CanonicalTypes.INT64)));
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
        public String description() {
          return column + " " + bounds.from + " to " + bounds.to + " by " + bounds.step;
        }

        @Override
        public ArrowReader open(BufferAllocator allocator, Scan.OpenRequest request) {
          return new Reader(
              allocator, request.columns().isEmpty() ? List.of() : schema().getFields());
        }
      };
    }

    private final class Reader extends ArrowReader {
      private final List<Field> fields;
      private long next;

      Reader(BufferAllocator allocator, List<Field> fields) {
        super(allocator);
        this.fields = fields;
      }

      @Override
      protected Schema readSchema() {
        return new Schema(fields);
      }

      @Override
      public boolean loadNextBatch() throws java.io.IOException {
        ensureInitialized();
        VectorSchemaRoot root = getVectorSchemaRoot();
        root.clear(); // an importer may still hold the buffers of the batch before
        int rows = (int) Math.min(BATCH_ROWS, count - next);
        if (rows <= 0) {
          return false;
        }
        if (!fields.isEmpty()) {
          BigIntVector numbers = (BigIntVector) root.getVector(0);
          numbers.allocateNew(rows);
          for (int row = 0; row < rows; row++) {
            numbers.set(row, bounds.from + (next + row) * bounds.step);
          }
        }
        root.setRowCount(rows);
        next += rows;
        return true;
      }

      @Override
      public long bytesRead() {
        return 0;
      }

      @Override
      protected void closeReadSource() {}
    }
  }
}
