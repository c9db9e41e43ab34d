package dev.kelda.feature.serving;

import static java.util.Objects.requireNonNull;

import dev.kelda.feature.online.OnlineCatalog;
import dev.kelda.feature.online.OnlineView;
import dev.kelda.feature.online.ViewLayout;
import dev.kelda.parser.Statement;
import dev.kelda.spi.connector.Operand;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.extension.Caller;
import dev.kelda.spi.extension.QueryShortcut;
import dev.kelda.spi.extension.StatementPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * {@code SELECT * | column, … FROM ONLINE(view) WHERE key = ? | key IN (…)}, and the same {@code
 * FROM view FOR SYSTEM_TIME AS OF CURRENT_TIMESTAMP}: a lookup and nothing else.
 */
record OnlineShortcut(OnlineCatalog catalog, Lookups lookups)
    implements QueryShortcut<Statement.Query> {
  OnlineShortcut {
    requireNonNull(catalog, "catalog is null");
    requireNonNull(lookups, "lookups is null");
  }

  @Override
  public Class<Statement.Query> query() {
    return Statement.Query.class;
  }

  @Override
  public Optional<StatementPlan.Rows> plan(Statement.Query query, Caller caller) {
    Optional<LookupShape> shape = LookupShape.of(query.query());
    if (shape.isEmpty() || shape.get().atPresent() && !hasClockOfUtc(caller)) {
      return Optional.empty();
    }
    Optional<OnlineView> view = catalog.find(caller, shape.get().view());
    return view.flatMap(v -> plan(query, shape.get(), v, caller));
  }

  /** Elsewhere, CURRENT_TIMESTAMP has another clock for columns without a time zone. */
  private static boolean hasClockOfUtc(Caller caller) {
    String zone = caller.settings().getOrDefault("time_zone", "UTC");
    return zone.equals("UTC") || zone.equals("Z");
  }

  private Optional<StatementPlan.Rows> plan(
      Statement.Query query, LookupShape shape, OnlineView view, Caller caller) {
    ViewLayout layout = view.layout();
    Optional<List<LookupShape.Column>> columns = shape.columns(layout.columns());
    Optional<List<Predicate>> conditions = shape.conditions(layout);
    Optional<KeyConditions> keys = conditions.flatMap(c -> KeyConditions.of(layout, c));
    boolean complete =
        columns.isPresent()
            && keys.isPresent()
            && keys.get().used().size() == conditions.get().size();
    if (!complete) {
      return Optional.empty();
    }
    List<Integer> ordinals = columns.get().stream().map(LookupShape.Column::ordinal).toList();
    Schema schema =
        new Schema(
            columns.get().stream()
                .map(c -> renamed(layout.columns().getFields().get(c.ordinal()), c.label()))
                .toList());
    List<Field> parameters = parameters(layout, keys.get(), query.parameterCount());
    return Optional.of(
        new StatementPlan.Rows(
            schema,
            parameters,
            () -> List.of(explanation(view, shape, keys.get())),
            Optional.of(
                () ->
                    catalog
                        .find(caller, shape.view())
                        .map(now -> now.id() + now.layout().fingerprint())
                        .orElse("")),
            (context, values) -> {
              KeyConditions bound = bound(keys.get(), values);
              return new KeyReader(
                  context.allocator(),
                  schema,
                  view,
                  bound.keys(),
                  ordinals,
                  lookups.now(),
                  lookups);
            }));
  }

  private static Field renamed(Field field, String label) {
    return new Field(label, FieldType.nullable(field.getType()), field.getChildren());
  }

  /** Every parameter has the type of the column of the key that it is compared with. */
  private static List<Field> parameters(ViewLayout layout, KeyConditions keys, int count) {
    Field[] fields = new Field[count];
    for (int part = 0; part < keys.columns().size(); part++) {
      for (List<Operand> condition : keys.columns().get(part)) {
        for (Operand operand : condition) {
          if (operand instanceof Operand.Parameter parameter) {
            fields[parameter.index()] =
                Field.nullable(
                    "$" + (parameter.index() + 1), layout.keyFields().get(part).getType());
          }
        }
      }
    }
    return List.of(fields);
  }

  private static KeyConditions bound(KeyConditions keys, List<Scalar> values) {
    List<List<List<Operand>>> columns = new ArrayList<>();
    for (List<List<Operand>> conditions : keys.columns()) {
      columns.add(
          conditions.stream()
              .map(
                  condition ->
                      condition.stream()
                          .map(o -> o instanceof Operand.Parameter p ? values.get(p.index()) : o)
                          .toList())
              .toList());
    }
    return new KeyConditions(columns, List.of());
  }

  private static String explanation(OnlineView view, LookupShape shape, KeyConditions keys) {
    return "OnlineLookup(view=[%s], keys=[at most %d], columns=[%s])"
        .formatted(view.id(), keys.count(), shape.text());
  }
}
