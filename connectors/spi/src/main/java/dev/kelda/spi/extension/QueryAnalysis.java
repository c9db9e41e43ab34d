package dev.kelda.spi.extension;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.error.TextPosition;
import dev.kelda.spi.extension.EngineServices.NamedTable;
import dev.kelda.spi.extension.EngineServices.TableName;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * What a query's text says of it. Views are looked through; tables that are a part of something
 * else, such as feature views, are not.
 *
 * @param parameters one field per {@code ?}
 * @param tables every table and view it resolved, each as it is now
 * @param lineage for each column where its values come from
 * @param growth how its rows follow those of its tables
 * @param unstable calls whose value may be another one each time the query runs
 */
public record QueryAnalysis(
    Schema rows,
    List<Field> parameters,
    List<NamedTable> tables,
    List<List<Origin>> lineage,
    Growth growth,
    List<UnstableCall> unstable) {
  public QueryAnalysis {
    requireNonNull(rows, "rows is null");
    parameters = List.copyOf(parameters);
    tables = List.copyOf(tables);
    requireNonNull(growth, "growth is null");
    lineage = lineage.stream().map(List::copyOf).toList();
    unstable = List.copyOf(unstable);
  }

  /**
   * A column that values come from.
   *
   * @param derived they are computed from it, not handed on
   */
  public record Origin(
      String catalog, String schema, String table, String column, boolean derived) {
    public Origin {
      requireNonNull(catalog, "catalog is null");
      requireNonNull(schema, "schema is null");
      requireNonNull(table, "table is null");
      requireNonNull(column, "column is null");
    }
  }

  /**
   * How changes of tables become changes of the query's rows. For a table of {@code linear}, all
   * others being as they are: when {@code rowWise}, its new rows give new rows of the query, those
   * that the query gives with the new rows in the table's place, and change no others. Otherwise
   * rows that come or go change only rows of the query that agree in {@code keys} with one that the
   * query gives with those rows in the table's place.
   *
   * @param linear with each table those that have no rows in a query for the changed rows: what
   *     other parts of a UNION ALL give is there already
   * @param keys ordinals of the query's columns; empty when it is row-wise
   * @param obstacle what in the query is in the way of more; empty when nothing is
   */
  public record Growth(
      Map<TableName, Set<TableName>> linear,
      boolean rowWise,
      Set<Integer> keys,
      Optional<String> obstacle) {
    public Growth {
      linear = Map.copyOf(linear);
      keys = Set.copyOf(keys);
      requireNonNull(obstacle, "obstacle is null");
    }
  }

  /**
   * {@code RANDOM()}, {@code CURRENT_TIMESTAMP}.
   *
   * @param position empty when it stands in a view that the query reads
   */
  public record UnstableCall(String function, Optional<TextPosition> position) {
    public UnstableCall {
      requireNonNull(function, "function is null");
      requireNonNull(position, "position is null");
    }
  }
}
