package dev.kelda.feature.consistency;

import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;

import dev.kelda.feature.online.OnlineCatalog;
import dev.kelda.feature.online.OnlineView;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.SqlQuery;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * {@code CONSISTENCY(view, keys => (query), at => instant)}: for each column of the view how many
 * of the keys have another value online than the offline table gives AS OF the instant.
 */
public record ConsistencyFunction(OnlineCatalog catalog) implements TableFunction {
  private static final Parameter VIEW =
      new Parameter("view", Kind.RELATION, CanonicalTypes.NULL, true);
  private static final Parameter KEYS =
      new Parameter("keys", Kind.RELATION, CanonicalTypes.NULL, false);
  private static final Parameter AT =
      new Parameter("at", Kind.EXPRESSION, CanonicalTypes.NULL, false);

  public ConsistencyFunction {
    requireNonNull(catalog, "catalog is null");
  }

  @Override
  public String name() {
    return "CONSISTENCY";
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(VIEW, KEYS, AT);
  }

  @Override
  public String description() {
    return "Per column of an online view: how many keys have another value online than offline.";
  }

  @Override
  public Expansion expand(Call call) {
    List<String> name =
        call.argument("view", Argument.Relation.class)
            .orElseThrow()
            .table()
            .orElseThrow(
                () ->
                    new KeldaException(
                        ErrorCode.INVALID_ARGUMENT,
                        "CONSISTENCY takes the name of a view, not a query"));
    OnlineView view = catalog.view(call.caller(), name);
    String at =
        call.argument("at", Argument.Expression.class)
            .map(Argument.Expression::placeholder)
            .orElse("NOW()");
    Optional<Argument.Relation> given = call.argument("keys", Argument.Relation.class);
    given.ifPresent(relation -> view.requireKeys(relation.schema().get()));
    String keys = given.map(Argument.Relation::placeholder).orElseGet(() -> allKeys(view));
    return new Expansion.Query(
        SqlQuery.of(sql(view, keys, at)), () -> view.id() + view.layout().fingerprint());
  }

  private static String allKeys(OnlineView view) {
    List<String> keys = keys(view);
    return keys.isEmpty()
        ? "(VALUES (0))"
        : "(SELECT DISTINCT %s FROM %s)".formatted(String.join(", ", keys), view.quoted());
  }

  private static List<String> keys(OnlineView view) {
    return view.layout().keyFields().stream().map(Field::getName).map(OnlineView::quoted).toList();
  }

  private static String sql(OnlineView view, String keys, String at) {
    List<String> key = keys(view);
    List<String> columns =
        view.layout().columns().getFields().stream()
            .map(Field::getName)
            .filter(column -> !key.contains(OnlineView.quoted(column)))
            .toList();
    String counts =
        IntStream.range(0, columns.size())
            .mapToObj(i -> mismatches(OnlineView.quoted(columns.get(i)), i))
            .collect(joining(", "));
    String names =
        IntStream.range(0, columns.size())
            .mapToObj(i -> "(" + i + ", '" + columns.get(i).replace("'", "''") + "')")
            .collect(joining(", "));
    String cases =
        IntStream.range(0, columns.size())
            .mapToObj(i -> "WHEN " + i + " THEN \"$a\".\"$m" + i + "\"")
            .collect(joining(" "));
    String event = OnlineView.quoted(view.layout().timeline().eventTime());
    String row =
        "ONLINE_ROW_AT('%s', %s%s)"
            .formatted(
                view.quoted().replace("'", "''"),
                at,
                key.stream().map(k -> ", \"$k\"." + k).collect(joining()));
    String on =
        key.isEmpty()
            ? "TRUE"
            : key.stream().map(k -> "\"$q\"." + k + " = \"$o\"." + k).collect(joining(" AND "));
    return """
    SELECT "$n"."column", "$a"."keys", "$a"."online", "$a"."offline",
      CASE "$n"."$i" %s END AS mismatches
    FROM (SELECT COUNT(*) AS "keys", COUNT("$q"."$row".%s) AS "online",
        COUNT("$o".%s) AS "offline", %s
      FROM (SELECT %s%s AS "$row" FROM %s AS "$k") AS "$q"
      LEFT JOIN (SELECT * FROM %s FOR SYSTEM_TIME AS OF %s) AS "$o" ON %s) AS "$a"
    CROSS JOIN (VALUES %s) AS "$n" ("$i", "column")
    """
        .formatted(
            cases,
            event,
            event,
            counts,
            key.stream().map(k -> "\"$k\"." + k + ", ").collect(joining()),
            row,
            keys,
            view.quoted(),
            at,
            on,
            names);
  }

  private static String mismatches(String column, int index) {
    return "COUNT(*) FILTER (WHERE \"$q\".\"$row\".%s IS DISTINCT FROM \"$o\".%s) AS \"$m%d\""
        .formatted(column, column, index);
  }
}
