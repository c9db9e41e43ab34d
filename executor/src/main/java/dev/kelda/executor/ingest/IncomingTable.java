package dev.kelda.executor.ingest;

import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableKind;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;

/** A stream of rows as a table that can be scanned once. The caller keeps owning the reader. */
record IncomingTable(Schema schema, ArrowReader rows) implements Table {
  @Override
  public TableKind kind() {
    return TableKind.SYSTEM_TABLE;
  }

  @Override
  public String version() {
    return "once";
  }

  @Override
  public Scan scan(List<Predicate> conjuncts) {
    return new Scan.Java() {
      @Override
      public String description() {
        return "rows from the client";
      }

      @Override
      public ArrowReader open(BufferAllocator allocator, Scan.OpenRequest request) {
        return new IncomingReader(allocator, rows, request.columns());
      }
    };
  }
}
