package dev.kelda.feature.refresh;

import static java.util.stream.Collectors.joining;

import dev.kelda.feature.online.OnlineView;
import dev.kelda.feature.registry.FeatureView;
import dev.kelda.spi.extension.EngineServices.TableName;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * The statements of a refresh, as text. The view's columns are c0, c1 … here, whatever they are
 * called.
 *
 * @param pushed table of rows that came past the query; they stay
 */
record RefreshSql(FeatureView view, Optional<TableName> pushed) {
  /** INSERT OVERWRITE with every row. */
  String overwrite() {
    return "INSERT OVERWRITE " + target() + " " + all("TRUE", "");
  }

  /** INSERT with the query's rows alone. */
  String append() {
    return "INSERT INTO %s SELECT %s FROM %s".formatted(target(), columns("q.c"), query());
  }

  /** The keys of the query's rows as k0, k1 …. */
  String keys(List<Integer> keys) {
    return "SELECT DISTINCT %s FROM %s"
        .formatted(list(keys.size(), i -> "q.c%d AS k%d".formatted(keys.get(i), i)), query());
  }

  /**
   * Rows of changed keys go, those that the query gives for them come. A row of the source that
   * says which rows go has TRUE in g. The condition compares g with what is always TRUE of the
   * target, a value that no optimizer knows: then it is a key of the join, and rows that come meet
   * none that are there.
   *
   * <p>One column of the primary key is asked for first: its values reach the scan of the source as
   * a filter, even where another key is an expression, and rows of other keys are not aggregated.
   *
   * <p>Takes one parameter: TRUE.
   *
   * @param withNulls keys that are NULL in a changed row
   */
  String mergeKeys(List<Integer> keys, TableName changed, Set<Integer> withNulls) {
    String distinct = "(SELECT DISTINCT * FROM %s) AS k".formatted(changed.quoted());
    String join =
        " JOIN %s ON %s"
            .formatted(
                distinct,
                and(
                    keys.size(),
                    i -> "q.c%d IS NOT DISTINCT FROM k.k%d".formatted(keys.get(i), i)));
    String first =
        IntStream.range(0, keys.size())
            .filter(i -> primaryKey().contains(keys.get(i)) && !withNulls.contains(i))
            .mapToObj(
                i -> "c%d IN (SELECT k%d FROM %s)".formatted(keys.get(i), i, changed.quoted()))
            .findFirst()
            .orElse("TRUE");
    String gone =
        "SELECT TRUE, %s FROM %s"
            .formatted(
                list(width(), i -> keys.contains(i) ? "k.k" + keys.indexOf(i) : "NULL"), distinct);
    return merge(
        "SELECT FALSE, * FROM (%s) AS fresh UNION ALL %s".formatted(all(first, join), gone),
        "COALESCE(CAST(? AS BOOLEAN), t.%s IS NULL) IS NOT DISTINCT FROM s.g AND "
                .formatted(name(keys.getFirst()))
            + and(
                keys.size(),
                i -> "t.%s IS NOT DISTINCT FROM s.c%d".formatted(name(keys.get(i)), keys.get(i))));
  }

  /** Whether changed keys say whose rows have changed: the primary key is a part of them. */
  boolean tellsPrimaryKey(List<Integer> keys) {
    return !primaryKey().isEmpty() && keys.containsAll(primaryKey());
  }

  /**
   * Every row of the view's table whose primary key is a changed one, and one without times for
   * each of these keys, sorted by them.
   *
   * @param keys as for {@link #mergeKeys}; they tell the primary key
   */
  String rowsOfKeys(List<Integer> keys, TableName changed) {
    List<Integer> primary = primaryKey();
    String names = primary.stream().map(this::name).collect(joining(", "));
    String asked =
        "SELECT DISTINCT %s FROM %s"
            .formatted(
                primary.stream().map(i -> "k" + keys.indexOf(i)).collect(joining(", ")),
                changed.quoted());
    return """
        SELECT * FROM (SELECT %s FROM %s WHERE (%s) IN (%s)
        UNION ALL SELECT %s FROM (%s) AS k (%s)) AS rows_of_keys ORDER BY %s"""
        .formatted(
            list(width(), this::name),
            target(),
            names,
            asked,
            list(width(), i -> primary.contains(i) ? "k." + name(i) : "NULL"),
            asked,
            names,
            names);
  }

  /**
   * Rows of a range of event times go, those that the query gives in it come. As in {@link
   * #mergeKeys}, but rows that come have NULL in g.
   *
   * @param from whether it has a beginning; {@code to} whether it has an end, exclusive: each takes
   *     its parameter twice, in the order from, to, from, to, and once more each
   */
  String mergeRange(boolean from, boolean to) {
    int time = ordinal(view.definition().eventTime());
    String fresh = all(within("c" + time, from, to), "");
    String gone = "SELECT TRUE, %s".formatted(list(width(), i -> "NULL"));
    return merge(
        "SELECT CAST(NULL AS BOOLEAN), * FROM (%s) AS fresh UNION ALL %s".formatted(fresh, gone),
        "(%s) = s.g".formatted(within("t." + name(time), from, to)));
  }

  private static String within(String time, boolean from, boolean to) {
    String first = from ? time + " >= ?" : "";
    String last = to ? time + " < ?" : "";
    return first + (from && to ? " AND " : "") + last;
  }

  private String merge(String source, String condition) {
    return """
        MERGE INTO %s AS t USING (%s) AS s (g, %s) ON %s
        WHEN MATCHED THEN DELETE
        WHEN NOT MATCHED AND s.g IS NOT TRUE THEN INSERT (%s) VALUES (%s)"""
        .formatted(
            target(),
            source,
            list(width(), i -> "c" + i),
            condition,
            list(width(), this::name),
            columns("s.c"));
  }

  /** Rows of the query and pushed ones, c0, c1 …, for which a condition holds, joined. */
  private String all(String condition, String join) {
    String rows = "SELECT %s FROM (SELECT * FROM %s WHERE %s) AS q%s";
    String ofQuery = rows.formatted(columns("q.c"), query(), condition, join);
    return pushed
        .map(
            table ->
                ofQuery
                    + " UNION ALL "
                    + rows.formatted(
                        columns("q.c"),
                        "(SELECT %s FROM %s) AS q (%s)"
                            .formatted(
                                list(width(), this::name),
                                table.quoted(),
                                list(width(), i -> "c" + i)),
                        condition,
                        join))
        .orElse(ofQuery);
  }

  private String query() {
    return "(%s\n) AS q (%s)".formatted(view.definition().sql(), list(width(), i -> "c" + i));
  }

  private String target() {
    return view.table().quoted();
  }

  private int width() {
    return view.definition().columns().getFields().size();
  }

  private String name(int column) {
    return OnlineView.quoted(view.definition().columns().getFields().get(column).getName());
  }

  private List<Integer> primaryKey() {
    return view.definition().primaryKey().stream().map(this::ordinal).toList();
  }

  private int ordinal(String column) {
    return view.definition().columns().getFields().stream()
        .map(Field::getName)
        .toList()
        .indexOf(column);
  }

  private String columns(String prefix) {
    return list(width(), i -> prefix + i);
  }

  private static String list(int count, java.util.function.IntFunction<String> item) {
    return IntStream.range(0, count).mapToObj(item).collect(joining(", "));
  }

  private static String and(int count, java.util.function.IntFunction<String> item) {
    return IntStream.range(0, count).mapToObj(item).collect(joining(" AND "));
  }
}
