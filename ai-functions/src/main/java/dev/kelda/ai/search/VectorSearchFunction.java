package dev.kelda.ai.search;

import static java.util.Objects.requireNonNull;

import dev.kelda.ai.index.HitsFunction;
import dev.kelda.ai.index.Indexes;
import dev.kelda.ai.index.Target;
import dev.kelda.spi.connector.AddressedTable;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Search;
import dev.kelda.spi.connector.Search.Branch;
import dev.kelda.spi.connector.Search.Measure;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * {@code VECTOR_SEARCH(TABLE t, DESCRIPTOR(column), query, top_k => 10)}: by the oldest index of
 * the column with that distance; without one every row is compared.
 */
public record VectorSearchFunction(Indexes indexes, HitsFunction hits) implements TableFunction {
  private static final Parameter DISTANCE =
      new Parameter("distance_type", CanonicalTypes.UTF8, false);
  private static final Parameter EF = new Parameter("ef", CanonicalTypes.INT64, false);
  private static final long MOST_EF = 10_000;

  public VectorSearchFunction {
    requireNonNull(indexes, "indexes is null");
    requireNonNull(hits, "hits is null");
  }

  @Override
  public String name() {
    return "VECTOR_SEARCH";
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(
        SearchArguments.TABLE,
        SearchArguments.COLUMNS,
        SearchArguments.QUERY,
        SearchArguments.TOP_K,
        DISTANCE,
        EF);
  }

  @Override
  public String description() {
    return "The rows whose vectors are nearest to the query, with distance and score.";
  }

  @Override
  public Expansion expand(Call call) {
    List<String> columns = SearchArguments.columns(call);
    if (columns.size() != 1) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT, "VECTOR_SEARCH searches one column: DESCRIPTOR(column)");
    }
    Optional<Measure> measure =
        SearchArguments.constant(call, DISTANCE, String.class).map(SearchArguments::measure);
    int ef = ef(call);
    Supplier<Optional<Target>> find = () -> find(call, columns, measure, ef);
    Optional<Target> target = find.get();
    if (target.isEmpty()) {
      checkVectors(call, columns.getFirst());
    }
    Branch branch =
        new Branch(
            target.map(t -> t.index().options().measure()).or(() -> measure).orElse(Measure.COSINE),
            columns,
            SearchArguments.query(call),
            SearchArguments.count(call),
            target.map(hits::hits));
    Search search = new Search(SearchArguments.table(call), List.of(branch), Optional.empty());
    return new Expansion.Found(search, () -> target.map(hits::version).orElse(""));
  }

  private Optional<Target> find(
      Call call, List<String> columns, Optional<Measure> measure, int ef) {
    return SearchArguments.addressed(call)
        .flatMap(
            table ->
                indexes.find(
                    table,
                    columns,
                    ef,
                    index ->
                        index.options().measure().ofVectors()
                            && index.model().isPresent() == isText(table, columns.getFirst())
                            && measure.map(m -> m == index.options().measure()).orElse(true)));
  }

  private static boolean isText(AddressedTable table, String column) {
    return table.schema().getFields().stream()
        .anyMatch(
            field ->
                field.getName().equalsIgnoreCase(column)
                    && field.getType().equals(CanonicalTypes.UTF8));
  }

  /** A column of texts has vectors in an index alone. */
  private static void checkVectors(Call call, String column) {
    if (SearchArguments.addressed(call).map(table -> isText(table, column)).orElse(false)) {
      throw new KeldaException(
          ErrorCode.TYPE_MISMATCH,
          "column \"%s\" holds texts: CREATE VECTOR INDEX … (EMBED(%s, 'model')) makes vectors of them"
              .formatted(column, column));
    }
  }

  private static int ef(Call call) {
    long ef = SearchArguments.constant(call, EF, Long.class).orElse((long) HitsFunction.DEFAULT_EF);
    if (ef < 1 || ef > MOST_EF) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "ef must be a number from 1 to %d, not %d".formatted(MOST_EF, ef));
    }
    return (int) ef;
  }
}
