package dev.kelda.ai.search;

import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Search;
import dev.kelda.spi.connector.Search.Branch;
import dev.kelda.spi.connector.Search.Measure;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.List;
import java.util.Optional;

/** {@code VECTOR_SEARCH(TABLE t, DESCRIPTOR(column), query, top_k => 10)}. */
public final class VectorSearchFunction implements TableFunction {
  private static final Parameter DISTANCE =
      new Parameter("distance_type", CanonicalTypes.UTF8, false);
  private static final Parameter EF = new Parameter("ef", CanonicalTypes.INT64, false);

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
    Branch branch =
        new Branch(
            measure.orElse(Measure.COSINE),
            columns,
            SearchArguments.query(call),
            SearchArguments.count(call),
            Optional.empty());
    Search search =
        new Search(SearchArguments.table(call), List.of(branch), Optional.empty());
    return new Expansion.Found(search, () -> "");
  }
}
