package dev.kelda.feature.push;

import static java.util.Objects.requireNonNull;

import dev.kelda.feature.online.OnlineCatalog;
import dev.kelda.feature.online.OnlineStore.Checkpoint;
import dev.kelda.feature.online.OnlineView;
import dev.kelda.feature.online.OnlineViews;
import dev.kelda.feature.online.OnlineViews.Encoded;
import dev.kelda.spi.connector.SnapshotTable;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.EngineServices.TableName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;

/**
 * Rows that are pushed into views: first to disk, then online, and in the background into the
 * offline table, once each. Thread-safe.
 *
 * <p>The offline table's snapshots say up to which offset they hold a log's entries. What is
 * appended after that and was not acknowledged to the log is found there again, so a fold that was
 * cut off is neither lost nor done twice. All pushed rows are also kept in a table of their own,
 * {@code view@version@pushed}: the view's definition cannot make them again.
 */
public final class Pushes {
  /** Key in the summary of a snapshot, before the log's name: the last offset it holds. */
  private static final String OFFSET = "push.offset.";

  private static final long MOST_BYTES = 256L << 20;

  private final EngineServices services;
  private final OnlineHome home;
  private final OnlineCatalog catalog;
  private final Loads loads;

  public Pushes(EngineServices services, OnlineHome home, OnlineCatalog catalog, Loads loads) {
    this.services = requireNonNull(services, "services is null");
    this.home = requireNonNull(home, "home is null");
    this.catalog = requireNonNull(catalog, "catalog is null");
    this.loads = requireNonNull(loads, "loads is null");
  }

  /**
   * Takes all rows, or none.
   *
   * @param rows with the view's columns, in their order
   * @return how many: on disk and online
   * @throws KeldaException NOT_SUPPORTED when the view keeps no rows; INVALID_ARGUMENT for a row
   *     without its key or times, and for more than fits into one push; COMMIT_STATE_UNKNOWN when
   *     the rows are safe but not online yet
   */
  public long push(OnlineView view, ArrowReader rows) {
    if (!view.keepsRows()) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          "view \"%s\" is always its query: rows are pushed into materialized views only"
              .formatted(view.id()));
    }
    List<Encoded> encoded = new ArrayList<>();
    long bytes = 0;
    try {
      while (rows.loadNextBatch()) {
        VectorSchemaRoot batch = rows.getVectorSchemaRoot();
        requireComplete(view, batch);
        for (Encoded row : OnlineViews.encode(view.layout(), batch)) {
          bytes += row.key().length + row.history().length;
          encoded.add(row);
        }
        if (bytes > MOST_BYTES) {
          throw new KeldaException(
              ErrorCode.INVALID_ARGUMENT,
              "more than %d MB in one push to \"%s\"; push less at a time, or write the view's source and REFRESH it"
                  .formatted(MOST_BYTES >> 20, view.id()));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (!encoded.isEmpty()) {
      loads.ensure(view);
      home.gate(view.id()).pushing(() -> push(view, encoded));
    }
    return encoded.size();
  }

  private long push(OnlineView view, List<Encoded> rows) {
    long offset = home.log().append(view.layout(), rows);
    try {
      home.views().merge(view.layout(), rows, Optional.empty());
    } catch (KeldaException e) {
      throw new KeldaException(
          ErrorCode.COMMIT_STATE_UNKNOWN,
          "the rows are safe, but not online yet: " + e.getMessage(),
          e);
    }
    return offset;
  }

  private static void requireComplete(OnlineView view, VectorSchemaRoot batch) {
    for (int row = 0; row < batch.getRowCount(); row++) {
      Optional<String> missing = view.layout().missing(batch, row);
      if (missing.isPresent()) {
        throw new KeldaException(
            ErrorCode.INVALID_ARGUMENT,
            "a row pushed to \"%s\" has no \"%s\": nobody could ever see it"
                .formatted(view.id(), missing.get()));
      }
    }
  }

  /** The last offset of the log that the table has. */
  static long covered(SnapshotTable table, PushLog log) {
    return table.summary(OFFSET + log.id()).map(Long::parseLong).orElse(0L);
  }

  /** Brings a view's pushed rows into its offline table. */
  public void fold(String id) {
    home.gate(id)
        .writing(
            () -> {
              Optional<OnlineView> view = catalog.byId(id);
              if (view.isEmpty()) {
                loads.drop(id);
              } else {
                long until = home.gate(id).betweenPushes(() -> home.log().last());
                fold(view.get(), until);
              }
              return null;
            });
  }

  private void fold(OnlineView view, long until) {
    TableName pushed = view.pushedTable();
    while (true) {
      SnapshotTable table = catalog.offline(view);
      long done = covered(table, home.log());
      List<PushLog.Entry> entries = home.log().read(view.id(), done, until);
      if (entries.isEmpty()) {
        break;
      }
      long offset = entries.getLast().offset();
      long kept = snapshotTable(pushed).map(t -> covered(t, home.log())).orElse(0L);
      append(pushed, true, entries.stream().filter(e -> e.offset() > kept).toList(), offset);
      append(view.table(), false, entries, offset);
      advance(view, table, offset);
    }
    home.views().store().flush(); // before the log forgets them
    home.log().remove(view.id(), until);
  }

  private Optional<SnapshotTable> snapshotTable(TableName name) {
    return services
        .table(loads.caller(), name.parts())
        .map(EngineServices.NamedTable::table)
        .filter(SnapshotTable.class::isInstance)
        .map(SnapshotTable.class::cast);
  }

  private void append(TableName table, boolean create, List<PushLog.Entry> entries, long offset) {
    if (entries.isEmpty()) {
      return;
    }
    try (ArrowReader rows = new EntryReader(services.allocator(), entries)) {
      services.append(
          loads.caller(),
          table,
          create,
          rows,
          Map.of(OFFSET + home.log().id(), Long.toString(offset)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The online table has the rows already: it covers the new snapshot if nobody else wrote. */
  private void advance(OnlineView view, SnapshotTable before, long offset) {
    Optional<Checkpoint> checkpoint = home.views().checkpoint(view.layout());
    Optional<SnapshotTable> after = loads.table(view);
    boolean ours =
        checkpoint.isPresent()
            && checkpoint.get().snapshot().equals(Loads.snapshot(Optional.of(before)))
            && after.flatMap(SnapshotTable::parentId).equals(before.snapshotId());
    if (ours) {
      Checkpoint next = new Checkpoint(view.layout().fingerprint(), Loads.snapshot(after), offset);
      home.views().merge(view.layout(), List.of(), Optional.of(next));
    }
  }
}
