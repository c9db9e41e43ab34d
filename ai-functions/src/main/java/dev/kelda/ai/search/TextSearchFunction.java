package dev.kelda.ai.search;

import static java.util.Objects.requireNonNull;

import dev.kelda.ai.index.Analyzers;
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
import org.apache.arrow.vector.types.pojo.Field;

/** {@code TEXT_SEARCH(TABLE t, DESCRIPTOR(title, body), 'late delivery', top_k => 10)}. */
public record TextSearchFunction(Indexes indexes, HitsFunction hits) implements TableFunction {
  public TextSearchFunction {
    requireNonNull(indexes, "indexes is null");
    requireNonNull(hits, "hits is null");
  }

  @Override
  public String name() {
    return "TEXT_SEARCH";
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(
        SearchArguments.TABLE,
        SearchArguments.COLUMNS,
        SearchArguments.QUERY,
        SearchArguments.TOP_K);
  }

  @Override
  public String description() {
    return "The rows whose texts answer the query best by BM25, with score.";
  }

  @Override
  public Expansion expand(Call call) {
    List<String> columns = SearchArguments.columns(call);
    AddressedTable table =
        SearchArguments.requireAddressed(SearchArguments.table(call), "TEXT_SEARCH");
    columns.forEach(column -> check(table, column));
    Target target =
        indexes
            .find(table, columns, 0, index -> index.options().measure() == Measure.TEXT)
            .orElseGet(() -> Indexes.withoutIndex(table, columns, Analyzers.STANDARD));
    Branch branch =
        new Branch(
            Measure.TEXT,
            columns,
            SearchArguments.query(call),
            SearchArguments.count(call),
            Optional.of(hits.hits(target)));
    Search search = new Search(SearchArguments.table(call), List.of(branch), Optional.empty());
    return new Expansion.Found(search, () -> hits.version(target));
  }

  private static void check(AddressedTable table, String column) {
    Optional<Field> field =
        table.schema().getFields().stream()
            .filter(f -> f.getName().equalsIgnoreCase(column))
            .findFirst();
    // A column that is missing is said by the planner, with the nearest name.
    if (field.map(f -> !f.getType().equals(CanonicalTypes.UTF8)).orElse(false)) {
      throw new KeldaException(
          ErrorCode.TYPE_MISMATCH, "column \"" + column + "\" holds no texts: it is not VARCHAR");
    }
  }
}
