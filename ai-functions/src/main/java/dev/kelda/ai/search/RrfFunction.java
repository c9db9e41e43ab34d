package dev.kelda.ai.search;

import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Search;
import dev.kelda.spi.connector.Search.Branch;
import dev.kelda.spi.connector.Search.Fusion;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * {@code RRF(VECTOR_SEARCH(…), TEXT_SEARCH(…), k => 60, top_k => 10)}: two or three searches of one
 * table, fused by their ranks.
 */
public record RrfFunction() implements TableFunction {
  private static final Parameter FIRST =
      new Parameter("first", Kind.SEARCH, CanonicalTypes.NULL, true);
  private static final Parameter SECOND =
      new Parameter("second", Kind.SEARCH, CanonicalTypes.NULL, true);
  private static final Parameter THIRD =
      new Parameter("third", Kind.SEARCH, CanonicalTypes.NULL, false);
  private static final Parameter KEY = new Parameter("join_key", CanonicalTypes.UTF8, false);
  private static final Parameter K = new Parameter("k", CanonicalTypes.FLOAT64, false);
  private static final double DEFAULT_K = 60;

  @Override
  public String name() {
    return "RRF";
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(FIRST, SECOND, THIRD, KEY, K, SearchArguments.TOP_K);
  }

  @Override
  public String description() {
    return "Reciprocal rank fusion of searches of one table, with fused_score.";
  }

  @Override
  public Expansion expand(Call call) {
    List<Argument.Searched> searches =
        Stream.of(FIRST, SECOND, THIRD)
            .flatMap(p -> call.argument(p.name(), Argument.Searched.class).stream())
            .toList();
    Argument.Relation rows = searches.getFirst().search().rows();
    SearchArguments.requireAddressed(rows, "RRF");
    List<Branch> branches = new ArrayList<>();
    for (Argument.Searched searched : searches) {
      Search search = searched.search();
      if (search.fusion().isPresent() || search.branches().size() != 1) {
        throw invalid("RRF fuses VECTOR_SEARCH and TEXT_SEARCH, not another RRF");
      }
      boolean same =
          search.rows().pinned().equals(rows.pinned()) && search.rows().pinned().isPresent();
      if (!same) {
        throw invalid("the searches of RRF must be of the same table");
      }
      branches.add(search.branches().getFirst());
    }
    SearchArguments.constant(call, KEY, String.class).ifPresent(key -> checkKey(rows, key));
    double k = SearchArguments.constant(call, K, Double.class).orElse(DEFAULT_K);
    if (!(k >= 0) || Double.isInfinite(k)) {
      throw invalid("k of RRF must be a number that is not negative, not " + k);
    }
    Fusion fusion = new Fusion(k, SearchArguments.count(call));
    return new Expansion.Found(
        new Search(rows, branches, Optional.of(fusion)),
        () -> searches.stream().map(s -> s.version().get()).toList().toString());
  }

  private static void checkKey(Argument.Relation rows, String key) {
    boolean known =
        rows.pinned().orElseThrow().schema().getFields().stream()
            .anyMatch(field -> field.getName().equalsIgnoreCase(key));
    if (!known) {
      throw new KeldaException(
          ErrorCode.COLUMN_NOT_FOUND, "what is searched has no column \"" + key + "\"");
    }
  }

  private static KeldaException invalid(String message) {
    return new KeldaException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
