package dev.kelda.feature.serving;

import static java.util.Objects.requireNonNull;

import dev.kelda.feature.online.Found;
import dev.kelda.feature.online.OnlineStore;
import dev.kelda.feature.online.OnlineView;
import dev.kelda.feature.online.OnlineViews;
import dev.kelda.spi.connector.BatchReader;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableKind;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * {@code ONLINE(view)} as a table: a row per key. Conditions on every column of the key look keys
 * up; anything else reads them all.
 *
 * @param at empty: when it is read
 */
record OnlineTable(OnlineView view, Optional<Instant> at, Lookups lookups) implements Table {
  private static final int BATCH_ROWS = 4096;

  OnlineTable {
    requireNonNull(view, "view is null");
    requireNonNull(at, "at is null");
    requireNonNull(lookups, "lookups is null");
  }

  @Override
  public Schema schema() {
    return view.layout().columns();
  }

  @Override
  public Optional<String> asOfNow() {
    return Optional.of("ONLINE");
  }

  @Override
  public TableKind kind() {
    return TableKind.TABLE;
  }

  /** Rows are read anew by every scan. */
  @Override
  public String version() {
    return view.id() + at + view.layout().fingerprint();
  }

  @Override
  public List<Predicate> appliedExactly(List<Predicate> conjuncts) {
    return KeyConditions.of(view.layout(), conjuncts).map(KeyConditions::used).orElse(List.of());
  }

  @Override
  public Scan scan(List<Predicate> conjuncts) {
    return new Reading(this, KeyConditions.of(view.layout(), conjuncts));
  }

  /**
   * One reading of the table.
   *
   * @param conditions that give the keys; empty: all keys
   */
  private record Reading(OnlineTable table, Optional<KeyConditions> conditions)
      implements Scan.Java {
    @Override
    public String description() {
      return "online "
          + table.view.id()
          + conditions.map(c -> ": " + c.count() + " keys").orElse(": all keys");
    }

    @Override
    public ArrowReader open(BufferAllocator allocator, Scan.OpenRequest request) {
      Instant at = table.at.orElseGet(table.lookups::now);
      // A join may know its keys only now.
      Optional<KeyConditions> keys =
          conditions.or(() -> KeyConditions.of(table.view.layout(), request.conjuncts()));
      return keys.isPresent()
          ? new KeyReader(
              allocator,
              table.columns(request.columns()),
              table.view,
              keys.get().keys(),
              request.columns(),
              at,
              table.lookups)
          : new ScanReader(allocator, table, request.columns(), at);
    }
  }

  private Schema columns(List<Integer> wanted) {
    return new Schema(wanted.stream().map(c -> schema().getFields().get(c)).toList());
  }

  /** Fills an empty root with the rows that are present. */
  static int fill(Found found, List<Integer> columns, VectorSchemaRoot root) {
    root.allocateNew();
    int row = 0;
    for (int i = 0; i < found.size(); i++) {
      if (found.isPresent(i)) {
        for (int column = 0; column < columns.size(); column++) {
          found.read(i, columns.get(column), root.getVector(column), row);
        }
        row++;
      }
    }
    root.setRowCount(row);
    return row;
  }

  /** The rows of all keys. */
  private static final class ScanReader extends BatchReader {
    private final OnlineTable table;
    private final List<Integer> columns;
    private final Instant at;
    private final OnlineStore.Scan scan;

    ScanReader(BufferAllocator allocator, OnlineTable table, List<Integer> columns, Instant at) {
      super(allocator, table.columns(columns));
      this.table = table;
      this.columns = columns;
      this.at = at;
      this.scan = table.lookups.scan(table.view);
    }

    @Override
    protected int fill(VectorSchemaRoot root) {
      int rows = 0;
      Found found;
      do {
        found = OnlineViews.next(table.view.layout(), scan, BATCH_ROWS, at);
        rows = OnlineTable.fill(found, columns, root);
      } while (rows == 0 && found.size() > 0);
      return rows;
    }

    @Override
    protected void closeReadSource() {
      scan.close();
    }
  }

  /** All ordinals. */
  static List<Integer> all(OnlineView view) {
    return IntStream.range(0, view.layout().columns().getFields().size()).boxed().toList();
  }
}
