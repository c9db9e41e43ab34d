package dev.kelda.ai.index;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.connector.AddressedTable;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.RowSet;
import dev.kelda.spi.connector.Search;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.PlannedFunction;
import dev.kelda.spi.extension.StatementContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.StructVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * What searches ask: {@code ai.search:<binding>}, see {@link Search.Hits}. Has no name in SQL: the
 * functions in FROM put it into plans.
 */
public final class HitsFunction implements PlannedFunction {
  /** Nodes considered on the way through a graph, unless the search says another number. */
  public static final int DEFAULT_EF = 100;

  private static final int MOST_TARGETS = 1_000;

  /** Fewer queries are not divided among threads. */
  private static final int CHUNK = 32;

  private static final Field HITS =
      new Field(
          "hits",
          Field.nullable("", ArrowType.List.INSTANCE).getFieldType(),
          List.of(
              new Field(
                  "item",
                  Field.nullable("", ArrowType.Struct.INSTANCE).getFieldType(),
                  List.of(
                      Field.nullable("address", CanonicalTypes.INT64),
                      Field.nullable("value", CanonicalTypes.FLOAT64)))));

  private final Indexes indexes;
  private final Map<String, Target> targets = // guarded by itself
      new LinkedHashMap<>(16, 0.75f, true);

  public HitsFunction(Indexes indexes) {
    this.indexes = requireNonNull(indexes, "indexes is null");
  }

  /** What a search of this target has in its plan. */
  public Search.Hits hits(Target target) {
    String binding = binding(target);
    synchronized (targets) {
      targets.put(binding, target);
      if (targets.size() > MOST_TARGETS) {
        targets.remove(targets.keySet().iterator().next());
      }
    }
    return new Search.Hits(id() + ":" + binding, description(target));
  }

  private static String binding(Target target) {
    IndexDefinition index = target.index();
    String name = index.id().isEmpty() ? "every row" : index.name();
    int rest =
        Objects.hash(
            index.id(),
            index.what(),
            index.options(),
            target.columns(),
            target.table().identity(),
            target.table().version());
    return "%s#%08x;ef=%d".formatted(name, rest, target.ef());
  }

  private String description(Target target) {
    IndexDefinition index = target.index();
    AddressedTable table = target.table();
    long all = table.rowFiles().stream().mapToLong(AddressedTable.RowFile::rows).sum();
    if (index.id().isEmpty()) {
      return "no index, %d rows searched exactly".formatted(all);
    }
    long missing = indexes.missingRows(index, table);
    return "index %s%s, %d of %d rows searched exactly"
        .formatted(index.name(), index.ofVectors() ? ", ef=" + target.ef() : "", missing, all);
  }

  /** A plan is made anew when the index has been refreshed or the target is forgotten. */
  public String version(Target target) {
    synchronized (targets) {
      return targets.containsKey(binding(target))
          ? target.index().id().isEmpty() ? "" : indexes.generation(target.index())
          : "forgotten";
    }
  }

  @Override
  public String id() {
    return "ai.search";
  }

  @Override
  public List<String> names() {
    return List.of();
  }

  @Override
  public String syntax() {
    return "";
  }

  @Override
  public String description() {
    return "Finds rows for a search in FROM.";
  }

  @Override
  public Arity arity() {
    return new Arity(3, 3);
  }

  @Override
  public Bound bind(Call call) {
    throw new KeldaException(ErrorCode.FUNCTION_NOT_FOUND, "ai.search is bound by searches");
  }

  @Override
  public FieldVector evaluate(
      String binding,
      VectorSchemaRoot arguments,
      BufferAllocator allocator,
      StatementContext context) {
    Target target;
    synchronized (targets) {
      target = targets.get(binding);
    }
    if (target == null) {
      throw new KeldaException(
          ErrorCode.INTERNAL_ERROR, "the search " + binding + " is not known any more");
    }
    int rows = arguments.getRowCount();
    if (rows == 0) {
      return vector(new Hits[0], allocator);
    }
    Hits[] hits = search(target, arguments, context);
    indexes.searches.add(rows);
    return vector(hits, allocator);
  }

  private Hits[] search(Target target, VectorSchemaRoot arguments, StatementContext context) {
    FieldVector queries = arguments.getVector(0);
    int count = (int) Math.min(Integer.MAX_VALUE, ((BigIntVector) arguments.getVector(1)).get(0));
    VarBinaryVector addresses = (VarBinaryVector) arguments.getVector(2);
    Optional<RowSet> chosen =
        addresses.isNull(0) ? Optional.empty() : Optional.of(RowSet.read(addresses.get(0)));
    View view = indexes.view(target.index(), target.table(), context);
    try {
      indexes.tailRows.add(view.tailRows());
      One one = one(target, view, queries, count, chosen);
      Hits[] hits = new Hits[arguments.getRowCount()];
      int threads = threads(context);
      if (threads == 1 || hits.length < 2 * CHUNK) {
        run(one, hits, 0, hits.length, context);
      } else {
        inParallel(one, hits, threads, context);
      }
      return hits;
    } catch (IOException | UncheckedIOException e) {
      throw new KeldaException(
          ErrorCode.STORAGE_ERROR, "searching " + target.index().what() + ": " + e.getMessage(), e);
    } finally {
      view.release();
    }
  }

  /** Finds rows for one query. */
  private interface One {
    Hits find(int row) throws IOException;
  }

  private static One one(
      Target target, View view, FieldVector queries, int count, Optional<RowSet> chosen)
      throws IOException {
    if (target.index().ofVectors()) {
      Vectors vectors = new Vectors(view.rows(), target.index().options(), target.ef(), chosen);
      return row ->
          queries.isNull(row)
              ? Hits.NONE
              : vectors.nearest(
                  RowSource.vector(queries, row)
                      .orElseThrow(
                          () ->
                              new KeldaException(
                                  ErrorCode.INVALID_ARGUMENT,
                                  "a vector has a NULL among its elements")),
                  count,
                  view.dimension());
    }
    Texts texts = new Texts(target, view.rows(), chosen);
    return row ->
        queries.isNull(row)
            ? Hits.NONE
            : texts.best(
                new String(((VarCharVector) queries).get(row), StandardCharsets.UTF_8), count);
  }

  private static void run(One one, Hits[] hits, int from, int to, StatementContext context)
      throws IOException {
    for (int row = from; row < to; row++) {
      if (row % CHUNK == 0) {
        context.checkpoint();
      }
      hits[row] = one.find(row);
    }
  }

  private static void inParallel(One one, Hits[] hits, int threads, StatementContext context)
      throws IOException {
    try (ForkJoinPool pool = new ForkJoinPool(threads)) {
      List<ForkJoinTask<?>> tasks =
          IntStream.iterate(0, from -> from < hits.length, from -> from + CHUNK)
              .<ForkJoinTask<?>>mapToObj(
                  from ->
                      pool.submit(
                          () -> {
                            int to = Math.min(hits.length, from + CHUNK);
                            try {
                              run(one, hits, from, to, context);
                            } catch (IOException e) {
                              throw new UncheckedIOException(e);
                            }
                          }))
              .toList();
      for (ForkJoinTask<?> task : tasks) {
        join(task);
      }
    }
  }

  private static void join(ForkJoinTask<?> task) throws IOException {
    try {
      task.join();
    } catch (RuntimeException e) {
      Throwable cause = e;
      while (cause.getCause() != null && !(cause instanceof KeldaException)) {
        cause = cause.getCause();
      }
      if (cause instanceof KeldaException known) {
        throw known;
      }
      if (cause instanceof IOException io) {
        throw io;
      }
      throw e;
    }
  }

  private static int threads(StatementContext context) {
    String setting = context.caller().settings().getOrDefault("target_partitions", "0");
    int threads = setting.matches("[0-9]{1,4}") ? Integer.parseInt(setting) : 0;
    return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
  }

  private static FieldVector vector(Hits[] hits, BufferAllocator allocator) {
    ListVector lists = (ListVector) HITS.createVector(allocator);
    try {
      StructVector items = (StructVector) lists.getDataVector();
      BigIntVector addresses = items.getChild("address", BigIntVector.class);
      Float8Vector values = items.getChild("value", Float8Vector.class);
      int total = 0;
      for (Hits one : hits) {
        total += one.addresses().length;
      }
      lists.allocateNew();
      addresses.allocateNew(Math.max(1, total));
      values.allocateNew(Math.max(1, total));
      int next = 0;
      for (int row = 0; row < hits.length; row++) {
        lists.startNewValue(row);
        for (int i = 0; i < hits[row].addresses().length; i++) {
          items.setIndexDefined(next);
          addresses.set(next, hits[row].addresses()[i]);
          values.set(next, hits[row].values()[i]);
          next++;
        }
        lists.endValue(row, hits[row].addresses().length);
      }
      addresses.setValueCount(next);
      values.setValueCount(next);
      items.setValueCount(next);
      lists.setValueCount(hits.length);
      return lists;
    } catch (RuntimeException e) {
      lists.close();
      throw e;
    }
  }
}
