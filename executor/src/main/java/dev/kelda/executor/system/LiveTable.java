package dev.kelda.executor.system;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.rows.Columns;
import java.util.List;
import java.util.function.Function;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A table whose rows are made at the moment a scan opens. Its version never changes, so that plans
 * stay valid while the rows do not.
 *
 * @param rows from conditions that every needed row meets; it may ignore them
 */
record LiveTable<T>(String name, Columns<T> columns, Function<List<Predicate>, List<T>> rows)
    implements Table {
  LiveTable {
    requireNonNull(name, "name is null");
    requireNonNull(columns, "columns is null");
    requireNonNull(rows, "rows is null");
  }

  @Override
  public Schema schema() {
    return columns.schema();
  }

  @Override
  public TableKind kind() {
    return TableKind.SYSTEM_TABLE;
  }

  @Override
  public String version() {
    return "live";
  }

  @Override
  public Scan scan(List<Predicate> conjuncts) {
    return new Scan.Java() {
      @Override
      public String description() {
        return name;
      }

      @Override
      public ArrowReader open(BufferAllocator allocator, Scan.OpenRequest request) {
        return columns.reader(allocator, rows.apply(conjuncts), request.columns());
      }
    };
  }
}
