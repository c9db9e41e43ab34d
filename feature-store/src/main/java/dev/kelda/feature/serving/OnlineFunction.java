package dev.kelda.feature.serving;

import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;

import dev.kelda.feature.online.OnlineCatalog;
import dev.kelda.feature.online.OnlineView;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.SqlQuery;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * {@code ONLINE(view)}: the latest row of every key. {@code ONLINE(view, keys => (query))}: a row
 * for each row of the query, with NULL where there is no such key.
 */
record OnlineFunction(OnlineCatalog catalog, Lookups lookups) implements TableFunction {
  private static final Parameter VIEW =
      new Parameter("view", Kind.RELATION, CanonicalTypes.NULL, true);
  private static final Parameter KEYS =
      new Parameter("keys", Kind.RELATION, CanonicalTypes.NULL, false);
  private static final Parameter AT =
      new Parameter("at", Kind.EXPRESSION, CanonicalTypes.NULL, false);

  OnlineFunction {
    requireNonNull(catalog, "catalog is null");
    requireNonNull(lookups, "lookups is null");
  }

  @Override
  public String name() {
    return "ONLINE";
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(VIEW, KEYS, AT);
  }

  @Override
  public String description() {
    return "The latest row of each key of an online view, or one row for each of the keys.";
  }

  @Override
  public Expansion expand(Call call) {
    OnlineView view = view(call, catalog, name());
    Optional<Argument.Relation> keys = call.argument("keys", Argument.Relation.class);
    Optional<Argument.Expression> at = call.argument("at", Argument.Expression.class);
    return keys.isPresent()
        ? byKeys(view, keys.get(), at)
        : new Expansion.Rows(new OnlineTable(view, at.map(OnlineFunction::instant), lookups));
  }

  /** The view that stands as an argument. */
  static OnlineView view(Call call, OnlineCatalog catalog, String function) {
    List<String> name =
        call.argument("view", Argument.Relation.class)
            .orElseThrow()
            .table()
            .orElseThrow(
                () ->
                    new KeldaException(
                        ErrorCode.INVALID_ARGUMENT,
                        function + " takes the name of a view, not a query"));
    return catalog.view(call.caller(), name);
  }

  private Expansion byKeys(
      OnlineView view, Argument.Relation keys, Optional<Argument.Expression> at) {
    List<Field> key = view.layout().keyFields();
    List<String> keyNames = key.stream().map(Field::getName).toList();
    view.requireKeys(keys.schema().get());
    String arguments =
        key.stream()
            .map(Field::getName)
            .map(column -> ", \"$q\"." + OnlineView.quoted(column))
            .collect(joining());
    String values =
        view.layout().columns().getFields().stream()
            .map(Field::getName)
            .filter(column -> !keyNames.contains(column))
            .map(OnlineView::quoted)
            .map(column -> ", \"$s\".\"$row\"." + column + " AS " + column)
            .collect(joining());
    String given =
        keys.schema().get().getFields().stream()
            .map(Field::getName)
            .map(column -> "\"$s\"." + OnlineView.quoted(column))
            .collect(joining(", "));
    String function =
        at.map(a -> "ONLINE_ROW_AT(%s, " + a.placeholder() + "%s)").orElse("ONLINE_ROW(%s%s)");
    String sql =
        "SELECT %s%s FROM (SELECT \"$q\".*, %s AS \"$row\" FROM %s AS \"$q\") AS \"$s\""
            .formatted(
                given,
                values,
                function.formatted(literal(view.quoted()), arguments),
                keys.placeholder());
    return new Expansion.Query(SqlQuery.of(sql), () -> view.id() + view.layout().fingerprint());
  }

  static String literal(String text) {
    return "'" + text.replace("'", "''") + "'";
  }

  static Instant instant(Argument.Expression expression) {
    Optional<Scalar> constant = expression.constant();
    if (constant.isPresent()
        && constant.get().type() instanceof ArrowType.Timestamp
        && constant.get().value().isPresent()) {
      return Instant.EPOCH.plus((Long) constant.get().value().get(), ChronoUnit.MICROS);
    }
    throw new KeldaException(
        ErrorCode.INVALID_ARGUMENT,
        "at => takes a TIMESTAMP constant here; with keys => it may be any expression over them");
  }
}
