package dev.kelda.ai.index;

import static java.util.Objects.requireNonNull;

import dev.kelda.ai.index.IndexDefinition.TableName;
import dev.kelda.ai.index.IndexRegistry.State;
import dev.kelda.ai.index.OpenIndex.Snapshot;
import dev.kelda.spi.connector.AddressedTable;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.Caller;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.Metric;
import dev.kelda.spi.extension.SqlQuery;
import dev.kelda.spi.extension.StatementContext;
import dev.kelda.spi.run.Progress;
import dev.kelda.spi.run.Runs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The indexes of one server: open folders, views in use, refreshes. Thread-safe. */
public final class Indexes implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Indexes.class);
  private static final int MOST_VIEWS = 16;
  private static final long LOOK_MILLIS = 1_000;
  private static final long IDLE_NANOS = TimeUnit.MINUTES.toNanos(5);

  private final EngineServices services;
  private final IndexRegistry registry;
  private final Path folder;
  private final Path temporary;
  private final int threads = Runtime.getRuntime().availableProcessors();
  private final Map<String, OpenIndex> open = new ConcurrentHashMap<>(); // by id
  private final LinkedHashMap<ViewKey, Kept> views =
      new LinkedHashMap<>(16, 0.75f, true); // guarded by itself
  private final Map<ViewKey, Object> making = new ConcurrentHashMap<>();
  private final Set<String> behind = ConcurrentHashMap.newKeySet(); // ids
  private final ScheduledExecutorService background;
  final LongAdder searches = new LongAdder();
  final LongAdder tailRows = new LongAdder();
  private final LongAdder refreshes = new LongAdder();
  private boolean swept; // guarded by this

  /**
   * @param index its id, or what a text search without an index searches
   */
  private record ViewKey(String index, long generation, String version) {}

  private static final class Kept {
    final View view;
    long usedAt = System.nanoTime();

    Kept(View view) {
      this.view = view;
    }
  }

  public Indexes(EngineServices services) {
    this.services = requireNonNull(services, "services is null");
    this.registry = new IndexRegistry(services.metastore());
    this.folder = services.home().resolve("indexes");
    this.temporary = folder.resolve("tails");
    this.background =
        Executors.newSingleThreadScheduledExecutor(
            task -> Thread.ofPlatform().daemon().name("kelda-indexes").unstarted(task));
    background.scheduleWithFixedDelay(this::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
  }

  IndexRegistry registry() {
    return registry;
  }

  private OpenIndex open(IndexDefinition index) {
    sweep();
    return open.computeIfAbsent(
        index.id(), id -> new OpenIndex(index.fullName(), folder.resolve(id)));
  }

  /** Once: folders of indexes that are gone, and tails of a process that was killed. */
  private synchronized void sweep() {
    if (swept) {
      return;
    }
    swept = true;
    Set<String> known =
        registry.all().stream().map(IndexDefinition::id).collect(Collectors.toSet());
    try {
      for (Path path : Folders.in(folder)) {
        if (!known.contains(path.getFileName().toString())) {
          Folders.delete(path);
        }
      }
    } catch (IOException e) {
      LOG.warn("folders of old indexes stay", e);
    }
  }

  /** The oldest index that has all of the columns and fits; where they stand in it. */
  public Optional<Target> find(
      AddressedTable table, List<String> columns, int ef, Predicate<IndexDefinition> fits) {
    return registry.ofTable(table.identity()).stream()
        .filter(fits)
        .map(index -> new Target(index, table, ordinals(index, columns), ef))
        .filter(target -> !target.columns().contains(-1))
        .findFirst();
  }

  private static List<Integer> ordinals(IndexDefinition index, List<String> columns) {
    List<String> known = index.columns().stream().map(c -> c.toLowerCase(Locale.ROOT)).toList();
    return columns.stream().map(c -> known.indexOf(c.toLowerCase(Locale.ROOT))).toList();
  }

  /** A search of texts without an index: one is made of all rows when it runs, and kept a while. */
  public static Target withoutIndex(
      AddressedTable table, List<String> columns, Analyzers analyzer) {
    String nowhere = "";
    IndexDefinition none =
        new IndexDefinition(
            nowhere,
            nowhere,
            nowhere,
            nowhere,
            table.identity(),
            new TableName(nowhere, nowhere, nowhere),
            columns,
            Optional.empty(),
            IndexOptions.of(false, Map.of("analyzer", analyzer.name())),
            Instant.EPOCH,
            nowhere);
    return new Target(none, table, IntStream.range(0, columns.size()).boxed().toList(), 0);
  }

  /** Rows of the version that the index does not have as they are; all when there is no index. */
  long missingRows(IndexDefinition index, AddressedTable table) {
    try {
      return IndexView.coverage(files(index), table).missingRows();
    } catch (IOException e) {
      throw failed(index, e);
    }
  }

  private IndexedFiles files(IndexDefinition index) throws IOException {
    return open(index).snapshot().map(Snapshot::files).orElse(new IndexedFiles(Map.of()));
  }

  /** Changes with every refresh of the index. */
  String generation(IndexDefinition index) {
    try {
      return open(index).snapshot().map(s -> String.valueOf(s.generation())).orElse("");
    } catch (IOException e) {
      throw failed(index, e);
    }
  }

  /**
   * The index as the version of the table; who gets it releases it.
   *
   * @param index whose id is empty is none: everything is in the tail
   */
  View view(IndexDefinition index, AddressedTable table, StatementContext context) {
    try {
      return index.id().isEmpty()
          ? view(index, Optional.empty(), table, context)
          : viewOfIndex(index, table, context);
    } catch (IOException e) {
      throw failed(index, e);
    }
  }

  private View viewOfIndex(IndexDefinition index, AddressedTable table, StatementContext context)
      throws IOException {
    OpenIndex opened = open(index);
    Optional<Snapshot> snapshot;
    synchronized (opened) {
      snapshot = opened.snapshot();
      snapshot.ifPresent(s -> s.reader().incRef());
    }
    try {
      View view = view(index, snapshot, table, context);
      if (view.tailRows() > 0 && index.options().autoRefresh()) {
        behind.add(index.id());
      }
      return view;
    } finally {
      if (snapshot.isPresent()) {
        snapshot.get().reader().decRef();
      }
    }
  }

  private View view(
      IndexDefinition index,
      Optional<Snapshot> snapshot,
      AddressedTable table,
      StatementContext context)
      throws IOException {
    ViewKey key =
        new ViewKey(
            index.id().isEmpty() ? table.identity() + index.what() + index.options() : index.id(),
            snapshot.map(Snapshot::generation).orElse(-1L),
            table.version());
    Optional<View> known = kept(key);
    if (known.isPresent()) {
      return known.get();
    }
    // Who wants the same view waits for it instead of making it too.
    synchronized (making.computeIfAbsent(key, k -> new Object())) {
      try {
        known = kept(key);
        if (known.isPresent()) {
          return known.get();
        }
        View made = make(index, snapshot, table, context);
        made.acquire();
        keep(key, made);
        return made;
      } finally {
        making.remove(key);
      }
    }
  }

  private View make(
      IndexDefinition index,
      Optional<Snapshot> snapshot,
      AddressedTable table,
      StatementContext context)
      throws IOException {
    IndexView.Coverage coverage =
        IndexView.coverage(snapshot.map(Snapshot::files).orElse(new IndexedFiles(Map.of())), table);
    int dimension = snapshot.map(Snapshot::dimension).orElse(0);
    Optional<Tail> tail =
        coverage.missingRows() == 0
            ? Optional.empty()
            : Optional.of(
                Tail.of(index, table, coverage.missing(), dimension, context, temporary, threads));
    List<IndexView.Leaf> leaves = new ArrayList<>();
    if (snapshot.isPresent()) {
      leaves.addAll(IndexView.leaves(snapshot.get().reader(), coverage.numbers()));
    }
    if (tail.isPresent()) {
      leaves.addAll(IndexView.leaves(tail.get().reader(), Tail.numbers(table)));
    }
    return new View(
        new IndexView(table.version(), leaves),
        tail.map(Tail::dimension).orElse(dimension),
        snapshot.map(Snapshot::reader),
        tail);
  }

  private Optional<View> kept(ViewKey key) {
    synchronized (views) {
      Kept kept = views.get(key);
      if (kept == null || !kept.view.acquire()) {
        return Optional.empty();
      }
      kept.usedAt = System.nanoTime();
      return Optional.of(kept.view);
    }
  }

  private void keep(ViewKey key, View view) {
    synchronized (views) {
      // An older state of the same index is of no use to statements that begin now.
      evict(old -> old.getKey().index().equals(key.index()) && !old.getKey().equals(key));
      views.put(key, new Kept(view));
      while (views.size() > MOST_VIEWS) {
        views.pollFirstEntry().getValue().view.release();
      }
    }
  }

  private void evict(Predicate<Map.Entry<ViewKey, Kept>> which) {
    synchronized (views) {
      views
          .entrySet()
          .removeIf(
              entry -> {
                boolean goes = which.test(entry);
                if (goes) {
                  entry.getValue().view.release();
                }
                return goes;
              });
    }
  }

  /**
   * Brings an index to the current version of its table.
   *
   * @param strict vectors of several lengths are an error
   * @return rows of the index
   */
  long refresh(IndexDefinition index, StatementContext context, boolean strict) {
    Runs.Subject subject =
        new Runs.Subject(
            "refresh_index",
            index.fullName(),
            context.caller().user(),
            Optional.of(context.queryId()));
    return services.runs().record(subject, progress -> refresh(index, context, progress, strict));
  }

  private long refresh(
      IndexDefinition index, StatementContext context, Progress progress, boolean strict) {
    OpenIndex opened = open(index);
    await(opened, context);
    try {
      refreshes.increment();
      AddressedTable table = table(index, context.caller());
      new IndexUpdate(index, table, context, progress, threads).run(opened.directory(), strict);
      Snapshot snapshot = opened.snapshot().orElseThrow();
      OptionalDouble recall = registry.state(index.id()).recall();
      if (IndexMerge.isNeeded(snapshot.reader(), index.ofVectors())) {
        IndexMerge.run(opened.directory(), index.options(), context, progress, threads);
        snapshot = opened.snapshot().orElseThrow();
        progress.detail("measuring");
        recall =
            index.ofVectors()
                ? IndexMerge.recall(snapshot.reader(), index.options(), snapshot.dimension())
                : OptionalDouble.empty();
      }
      long rows = snapshot.reader().numDocs() - snapshot.files().byPath().size();
      registry.setState(
          index.id(), new State(table.version(), rows, opened.bytes(), recall, Instant.now(), ""));
      behind.remove(index.id());
      return rows;
    } catch (IOException e) {
      throw failed(index, e);
    } finally {
      opened.refreshing().unlock();
    }
  }

  private static void await(OpenIndex index, StatementContext context) {
    try {
      while (!index.refreshing().tryLock(50, TimeUnit.MILLISECONDS)) {
        context.checkpoint();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KeldaException(ErrorCode.CANCELLED, "waiting for another refresh", e);
    }
  }

  /**
   * The index's table as it is now.
   *
   * @throws KeldaException TABLE_NOT_FOUND when it is gone, or another one has its name
   */
  private AddressedTable table(IndexDefinition index, Caller caller) {
    return services
        .table(caller, index.tableName().parts())
        .map(EngineServices.NamedTable::table)
        .filter(AddressedTable.class::isInstance)
        .map(AddressedTable.class::cast)
        .filter(table -> table.identity().equals(index.tableIdentity()))
        .orElseThrow(
            () ->
                new KeldaException(
                    ErrorCode.TABLE_NOT_FOUND,
                    "table %s of index %s is gone; DROP INDEX %s"
                        .formatted(index.tableName(), index.fullName(), index.name())));
  }

  /** Whether the table is still there, by its name; a renamed one is seen when it is searched. */
  Optional<AddressedTable> tableIfThere(IndexDefinition index, Caller caller) {
    try {
      return Optional.of(table(index, caller));
    } catch (KeldaException e) {
      return Optional.empty();
    }
  }

  /** The index knows its table by another name now. */
  void seen(IndexDefinition index, TableName name) {
    if (!index.tableName().equals(name)) {
      registry.rename(index.id(), name);
    }
  }

  void drop(IndexDefinition index) {
    registry.drop(index.id());
    evict(entry -> entry.getKey().index().equals(index.id()));
    OpenIndex opened = open(index);
    open.remove(index.id());
    try {
      opened.discard();
      opened.close();
    } catch (IOException e) {
      LOG.warn("the folder of index {} stays", index.fullName(), e);
    }
  }

  /** In the background: what searches found behind is refreshed; views that nobody uses go. */
  private void look() {
    try {
      evictIdle();
      refreshAllBehind();
    } catch (RuntimeException e) {
      LOG.warn("looking after indexes", e);
    }
  }

  private void evictIdle() {
    long now = System.nanoTime();
    evict(entry -> now - entry.getValue().usedAt > IDLE_NANOS);
  }

  private void refreshAllBehind() {
    for (String id : new HashSet<>(behind)) {
      behind.remove(id);
      registry.all().stream()
          .filter(index -> index.id().equals(id))
          .findFirst()
          .ifPresent(this::refreshBehind);
    }
  }

  private void refreshBehind(IndexDefinition index) {
    String name =
        Stream.of(index.catalog(), index.schema(), index.name())
            .map(RowSource::quoted)
            .collect(Collectors.joining("."));
    try {
      services.execute(
          services.caller(index.createdBy()), SqlQuery.of("REFRESH INDEX " + name), List.of());
    } catch (RuntimeException e) {
      LOG.warn("refreshing index {}: {}", index.fullName(), e.getMessage());
      State before = registry.state(index.id());
      registry.setState(
          index.id(),
          new State(
              before.version(),
              before.rows(),
              before.bytes(),
              before.recall(),
              before.refreshedAt(),
              String.valueOf(e.getMessage())));
    }
  }

  OpenIndex opened(IndexDefinition index) {
    return open(index);
  }

  public List<Metric> metrics() {
    int kept;
    synchronized (views) {
      kept = views.size();
    }
    return List.of(
        Metric.of("kelda_index_searches_total", "Queries searched for", searches.sum()),
        Metric.of(
            "kelda_index_tail_rows_total",
            "Rows searched that their index did not have",
            tailRows.sum()),
        Metric.of("kelda_index_refreshes_total", "Refreshes of indexes", refreshes.sum()),
        Metric.of("kelda_index_views", "Versions of tables that can be searched at once", kept));
  }

  private static KeldaException failed(IndexDefinition index, IOException e) {
    return new KeldaException(
        ErrorCode.STORAGE_ERROR, "index " + index.fullName() + ": " + e.getMessage(), e);
  }

  @Override
  public void close() {
    background.shutdownNow();
    evict(entry -> true);
    open.values()
        .forEach(
            index -> {
              try {
                index.close();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
  }
}
