package dev.kelda.feature.push;

import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;

import dev.kelda.feature.online.OnlineStore.Checkpoint;
import dev.kelda.feature.online.OnlineView;
import dev.kelda.feature.online.OnlineViews;
import dev.kelda.feature.online.OnlineViews.Encoded;
import dev.kelda.feature.online.ViewLayout;
import dev.kelda.spi.connector.SnapshotTable;
import dev.kelda.spi.extension.Caller;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.SqlQuery;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Field;

/** Fills the online tables of views from their offline ones. Thread-safe. */
public final class Loads {
  /** Who asks when nobody does. */
  static final String USER = "kelda";

  private final EngineServices services;
  private final OnlineHome home;
  private final Map<String, String> ready = new ConcurrentHashMap<>(); // view -> fingerprint

  public Loads(EngineServices services, OnlineHome home) {
    this.services = requireNonNull(services, "services is null");
    this.home = requireNonNull(home, "home is null");
  }

  /** Loads the view unless it is there: it is new here, or the store was lost. */
  public void ensure(OnlineView view) {
    String fingerprint = view.layout().fingerprint();
    if (fingerprint.equals(ready.get(view.id()))) {
      return;
    }
    home.gate(view.id())
        .writing(
            () -> {
              if (home.views().checkpoint(view.layout()).isEmpty()) {
                load(view);
              }
              ready.put(view.id(), fingerprint);
              return null;
            });
  }

  /** Loads what changed behind our back: another process refreshed it, or wrote its table. */
  void catchUp(OnlineView view) {
    home.gate(view.id())
        .writing(
            () -> {
              Optional<Checkpoint> checkpoint = home.views().checkpoint(view.layout());
              if (checkpoint.isPresent() && !checkpoint.get().snapshot().equals(snapshot(view))) {
                load(view);
              }
              return null;
            });
  }

  /** Makes the view's online table anew; readers see the old one until the new one is complete. */
  public void load(OnlineView view) {
    home.gate(view.id())
        .writing(
            () -> {
              Optional<SnapshotTable> table = table(view);
              String snapshot = snapshot(table);
              long covered = table.map(t -> Pushes.covered(t, home.log())).orElse(0L);
              try (ArrowReader rows = sorted(view, table)) {
                home.views()
                    .load(view.layout(), rows, loaded -> publish(view, snapshot, covered, loaded));
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
              ready.put(view.id(), view.layout().fingerprint());
              return null;
            });
  }

  /** The offline table was made anew: so is the online one, if there is one already. */
  public void reload(OnlineView view) {
    home.gate(view.id())
        .writing(
            () -> {
              if (home.views().checkpoint(view.layout()).isPresent()) {
                load(view);
              }
              return null;
            });
  }

  /**
   * Brings rows online that were added to the offline table, and nothing else was.
   *
   * @param before the table before they were added
   * @param now the table after it
   * @param rows opens them; with the view's columns, in their order
   */
  public void add(
      OnlineView view, SnapshotTable before, SnapshotTable now, Supplier<ArrowReader> rows) {
    follow(view, before, now, () -> merge(view, rows));
  }

  /**
   * Brings keys online whose rows were made anew in the offline table, and no others were.
   *
   * @param before the table before they were
   * @param now the table after it
   * @param rows opens every row that these keys have now, and one without times for each of them;
   *     with the view's columns, in their order, sorted by the key's
   */
  public void replace(
      OnlineView view, SnapshotTable before, SnapshotTable now, Supplier<ArrowReader> rows) {
    long covered = Pushes.covered(now, home.log());
    follow(
        view,
        before,
        now,
        () -> {
          try (ArrowReader sorted = rows.get()) {
            home.views()
                .replace(view.layout(), sorted, replaced -> publish(view, covered, replaced));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  /** Nothing, when nothing is online; everything, when this is not the step after the last one. */
  private void follow(OnlineView view, SnapshotTable before, SnapshotTable now, Runnable step) {
    home.gate(view.id())
        .writing(
            () -> {
              Optional<Checkpoint> checkpoint = home.views().checkpoint(view.layout());
              boolean next =
                  checkpoint
                      .filter(c -> c.snapshot().equals(snapshot(Optional.of(before))))
                      .isPresent();
              if (next && now.parentId().equals(before.snapshotId())) {
                step.run();
                Checkpoint covered =
                    new Checkpoint(
                        view.layout().fingerprint(),
                        snapshot(Optional.of(now)),
                        checkpoint.get().pushed());
                home.views().merge(view.layout(), List.of(), Optional.of(covered));
              } else if (checkpoint.isPresent()) {
                load(view);
              }
              return null;
            });
  }

  private void publish(OnlineView view, long covered, OnlineViews.Replaced replaced) {
    home.gate(view.id())
        .betweenPushes(
            () -> {
              replaced.publish(pushedAfter(view.layout(), covered));
              return null;
            });
  }

  private void merge(OnlineView view, Supplier<ArrowReader> rows) {
    try (ArrowReader added = rows.get()) {
      while (added.loadNextBatch()) {
        home.views()
            .merge(
                view.layout(),
                OnlineViews.encode(view.layout(), added.getVectorSchemaRoot()),
                Optional.empty());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void publish(OnlineView view, String snapshot, long covered, OnlineViews.Loaded loaded) {
    home.gate(view.id())
        .betweenPushes(
            () -> {
              loaded.publish(
                  new Checkpoint(view.layout().fingerprint(), snapshot, covered),
                  pushedAfter(view.layout(), covered));
              return null;
            });
  }

  private List<Encoded> pushedAfter(ViewLayout layout, long covered) {
    List<Encoded> pushed = new ArrayList<>();
    for (long after = covered; ; ) {
      List<PushLog.Entry> some = home.log().read(layout.view(), after, Long.MAX_VALUE - 1);
      if (some.isEmpty()) {
        return pushed;
      }
      some.stream()
          .filter(entry -> entry.layout().fingerprint().equals(layout.fingerprint()))
          .forEach(entry -> pushed.addAll(entry.rows()));
      after = some.getLast().offset();
    }
  }

  /** Forgets a view that is gone. */
  public void drop(String view) {
    ready.remove(view);
    home.gate(view)
        .writing(
            () ->
                home.gate(view)
                    .betweenPushes(
                        () -> {
                          home.views().store().drop(view);
                          home.log().remove(view, home.log().last());
                          return null;
                        }));
  }

  /** The views that are served. */
  List<String> ready() {
    return List.copyOf(ready.keySet());
  }

  Caller caller() {
    return services.caller(USER);
  }

  /** The view's rows as they lie offline; empty for a view that is only its query. */
  Optional<SnapshotTable> table(OnlineView view) {
    return services
        .table(caller(), view.table().parts())
        .map(EngineServices.NamedTable::table)
        .filter(SnapshotTable.class::isInstance)
        .map(SnapshotTable.class::cast);
  }

  private String snapshot(OnlineView view) {
    return snapshot(table(view));
  }

  static String snapshot(Optional<SnapshotTable> table) {
    return table.flatMap(SnapshotTable::snapshotId).map(id -> Long.toString(id)).orElse("");
  }

  private ArrowReader sorted(OnlineView view, Optional<SnapshotTable> table) {
    String columns =
        view.layout().columns().getFields().stream()
            .map(Field::getName)
            .map(OnlineView::quoted)
            .collect(joining(", "));
    String keys =
        view.layout().timeline().primaryKey().stream()
            .map(OnlineView::quoted)
            .collect(joining(", "));
    String version =
        table
            .flatMap(SnapshotTable::snapshotId)
            .map(id -> " FOR SYSTEM_VERSION AS OF " + id)
            .orElse("");
    String sql =
        "SELECT "
            + columns
            + " FROM "
            + view.quoted()
            + version
            + (keys.isEmpty() ? "" : " ORDER BY " + keys);
    return services.query(caller(), SqlQuery.of(sql), List.of());
  }
}
