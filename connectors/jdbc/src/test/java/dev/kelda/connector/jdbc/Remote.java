package dev.kelda.connector.jdbc;

import dev.kelda.spi.connector.Connector;
import dev.kelda.spi.connector.ConnectorContext;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.testing.Contexts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.ipc.ArrowReader;

/** Opens connectors and reads their tables as the engine would. */
final class Remote {
  private Remote() {}

  static Connector connect(Path home, Map<String, String> properties) {
    ConnectorContext context = Contexts.of(home);
    return new JdbcConnectorFactory().create("db", properties, context);
  }

  /** Every row as text, in the order of the source. */
  static List<List<String>> rows(Table table, Predicate... conjuncts) {
    List<Integer> all = IntStream.range(0, table.schema().getFields().size()).boxed().toList();
    return rows(table, all, OptionalLong.empty(), conjuncts);
  }

  static List<List<String>> rows(
      Table table, List<Integer> columns, OptionalLong limit, Predicate... conjuncts) {
    Scan.Java scan = (Scan.Java) table.scan(List.of(conjuncts));
    try (BufferAllocator allocator = new RootAllocator();
        ArrowReader reader =
            scan.open(allocator, new Scan.OpenRequest(0, columns, List.of(), limit))) {
      List<List<String>> rows = new ArrayList<>();
      while (reader.loadNextBatch()) {
        for (int row = 0; row < reader.getVectorSchemaRoot().getRowCount(); row++) {
          List<String> values = new ArrayList<>();
          for (FieldVector vector : reader.getVectorSchemaRoot().getFieldVectors()) {
            values.add(String.valueOf(vector.getObject(row)));
          }
          rows.add(values);
        }
      }
      return rows;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static int column(Table table, String name) {
    return table.schema().getFields().stream().map(f -> f.getName()).toList().indexOf(name);
  }
}
