package dev.kelda.ai.index;

import static java.util.Objects.requireNonNull;

import dev.kelda.ai.index.IndexDefinition.TableName;
import dev.kelda.ai.index.IndexRegistry.State;
import dev.kelda.parser.IndexStatement;
import dev.kelda.parser.IndexStatement.CreateIndex;
import dev.kelda.parser.IndexStatement.DescribeIndex;
import dev.kelda.parser.IndexStatement.DropIndex;
import dev.kelda.parser.IndexStatement.RefreshIndex;
import dev.kelda.parser.IndexStatement.ShowIndexes;
import dev.kelda.parser.Name;
import dev.kelda.spi.connector.AddressedTable;
import dev.kelda.spi.connector.AddressedTable.RowFile;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.Caller;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.EngineServices.NamedTable;
import dev.kelda.spi.extension.LikePattern;
import dev.kelda.spi.extension.SqlQuery;
import dev.kelda.spi.extension.StatementContext;
import dev.kelda.spi.extension.StatementHandler;
import dev.kelda.spi.extension.StatementPlan;
import dev.kelda.spi.rows.Columns;
import dev.kelda.spi.rows.TypeNames;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/** CREATE, DROP, REFRESH, SHOW and DESCRIBE INDEX. */
public record IndexStatements(EngineServices services, Indexes indexes) {
  public IndexStatements {
    requireNonNull(services, "services is null");
    requireNonNull(indexes, "indexes is null");
  }

  public List<StatementHandler<?>> handlers() {
    return List.of(
        StatementHandler.of(CreateIndex.class, this::create),
        StatementHandler.of(DropIndex.class, this::drop),
        StatementHandler.of(RefreshIndex.class, this::refresh),
        StatementHandler.of(ShowIndexes.class, this::show),
        StatementHandler.of(DescribeIndex.class, this::describe));
  }

  private StatementPlan create(CreateIndex statement, Caller caller) {
    IndexDefinition index = definition(statement, caller);
    return update(
        "Create %s index %s on %s (%s)"
            .formatted(
                statement.kind().name().toLowerCase(Locale.ROOT),
                index.fullName(),
                index.tableName(),
                index.what()),
        context -> {
          Optional<IndexDefinition> before =
              indexes.registry().find(index.catalog(), index.schema(), index.name());
          if (before.isPresent() && statement.ifNotExists()) {
            return 0;
          }
          boolean stale =
              before.isPresent() && indexes.tableIfThere(before.get(), caller).isEmpty();
          if (before.isPresent() && !statement.orReplace() && !stale) {
            throw at(
                ErrorCode.INDEX_EXISTS,
                "index \"" + index.fullName() + "\" exists already; use CREATE OR REPLACE",
                statement.name());
          }
          return build(index, before, context);
        });
  }

  /** When it fails nothing of it is left; one that it replaces is gone only when it is there. */
  private long build(
      IndexDefinition index, Optional<IndexDefinition> before, StatementContext context) {
    IndexDefinition hidden =
        before.isEmpty() ? index : named(index, index.name() + " (new " + index.id() + ")");
    indexes.registry().add(hidden, Optional.empty());
    try {
      long rows = indexes.refresh(hidden, context, true);
      before.ifPresent(
          old -> {
            IndexRegistry.State state = indexes.registry().state(index.id());
            indexes.drop(old);
            indexes.registry().add(index, Optional.of(index.id()));
            indexes.registry().setState(index.id(), state);
          });
      services.namesChanged();
      return rows;
    } catch (RuntimeException e) {
      indexes.drop(hidden);
      throw e;
    }
  }

  private static IndexDefinition named(IndexDefinition index, String name) {
    return new IndexDefinition(
        index.id(),
        index.catalog(),
        index.schema(),
        name,
        index.tableIdentity(),
        index.tableName(),
        index.columns(),
        index.model(),
        index.options(),
        index.createdAt(),
        index.createdBy());
  }

  private IndexDefinition definition(CreateIndex statement, Caller caller) {
    NamedTable table =
        services
            .table(caller, statement.table().parts())
            .orElseThrow(
                () ->
                    at(
                        ErrorCode.TABLE_NOT_FOUND,
                        "there is no table \"" + statement.table() + "\"",
                        statement.table()));
    if (!(table.table() instanceof AddressedTable addressed)) {
      throw at(
          ErrorCode.NOT_SUPPORTED,
          "\"%s\" cannot be indexed: only Iceberg tables can".formatted(statement.table()),
          statement.table());
    }
    boolean vectors = statement.kind() == IndexStatement.Kind.VECTOR;
    List<String> columns = columns(statement, addressed, vectors, caller);
    List<String> place = place(statement.name(), table);
    return new IndexDefinition(
        UUID.randomUUID().toString(),
        place.get(0),
        place.get(1),
        place.get(2),
        addressed.identity(),
        new TableName(table.catalog(), table.schema(), table.name()),
        columns,
        statement.model(),
        positioned(statement.name(), () -> IndexOptions.of(vectors, statement.properties())),
        Instant.now(),
        caller.user());
  }

  private List<String> columns(
      CreateIndex statement, AddressedTable table, boolean vectors, Caller caller) {
    List<String> columns = new ArrayList<>();
    for (String name : statement.columns()) {
      Field field =
          table.schema().getFields().stream()
              .filter(f -> f.getName().equalsIgnoreCase(name))
              .findFirst()
              .orElseThrow(
                  () ->
                      at(
                          ErrorCode.COLUMN_NOT_FOUND,
                          "table \"%s\" has no column \"%s\"".formatted(statement.table(), name),
                          statement.table()));
      boolean text = !vectors || statement.model().isPresent();
      if (text ? !field.getType().equals(CanonicalTypes.UTF8) : !isVector(field)) {
        throw at(
            ErrorCode.TYPE_MISMATCH,
            "column \"%s\" is %s, not %s"
                .formatted(
                    field.getName(), TypeNames.of(field), text ? "VARCHAR" : "an array of numbers"),
            statement.table());
      }
      columns.add(field.getName());
    }
    if (vectors && columns.size() != 1 || !vectors && statement.model().isPresent()) {
      throw at(
          ErrorCode.INVALID_ARGUMENT,
          vectors
              ? "a vector index is on one column or on EMBED(column, 'model')"
              : "a text index is on columns, not on EMBED",
          statement.name());
    }
    statement.model().ifPresent(model -> checkModel(model, statement, caller));
    return columns;
  }

  private static boolean isVector(Field field) {
    boolean list =
        field.getType() instanceof ArrowType.List
            || field.getType() instanceof ArrowType.FixedSizeList;
    return list && field.getChildren().getFirst().getType() instanceof ArrowType.FloatingPoint;
  }

  private void checkModel(String model, CreateIndex statement, Caller caller) {
    String sql = "SELECT EMBED('', '%s')".formatted(model.replace("'", "''"));
    try {
      services.describe(caller, SqlQuery.of(sql));
    } catch (KeldaException e) {
      throw at(e.code(), e.getMessage(), statement.name());
    }
  }

  /** An index is in the schema of its table, unless its name says another one. */
  private static List<String> place(Name name, NamedTable table) {
    List<String> parts = name.parts();
    return switch (parts.size()) {
      case 1 -> List.of(table.catalog(), table.schema(), parts.get(0));
      case 2 -> List.of(table.catalog(), parts.get(0), parts.get(1));
      case 3 -> parts;
      default ->
          throw at(
              ErrorCode.INVALID_ARGUMENT, "an index's name has one to three parts: " + name, name);
    };
  }

  private StatementPlan drop(DropIndex statement, Caller caller) {
    return update(
        "Drop index " + statement.name(),
        context -> {
          Optional<IndexDefinition> index = find(statement.name(), caller);
          if (index.isEmpty() && !statement.ifExists()) {
            throw missing(statement.name());
          }
          index.ifPresent(
              known -> {
                indexes.drop(known);
                services.namesChanged();
              });
          return 0;
        });
  }

  private StatementPlan refresh(RefreshIndex statement, Caller caller) {
    return update(
        "Refresh index " + statement.name(),
        context ->
            indexes.refresh(
                find(statement.name(), caller).orElseThrow(() -> missing(statement.name())),
                context,
                false));
  }

  private Optional<IndexDefinition> find(Name name, Caller caller) {
    List<String> parts = name.parts();
    return switch (parts.size()) {
      case 1 -> indexes.registry().find(caller.catalog(), caller.schema(), parts.get(0));
      case 2 -> indexes.registry().find(caller.catalog(), parts.get(0), parts.get(1));
      case 3 -> indexes.registry().find(parts.get(0), parts.get(1), parts.get(2));
      default -> Optional.empty();
    };
  }

  private static KeldaException missing(Name name) {
    return at(ErrorCode.INDEX_NOT_FOUND, "there is no index \"" + name + "\"", name);
  }

  /**
   * @param all rows of the table, deleted ones included; -1 when the table is gone
   * @param missing of them, which the index does not have as they are
   */
  private record Shown(
      IndexDefinition index, State state, String snapshot, long all, long missing) {}

  private static Columns<Shown> columns() {
    return Columns.of(Shown.class)
        .text("catalog", s -> s.index().catalog())
        .text("schema", s -> s.index().schema())
        .text("name", s -> s.index().name())
        .text("kind", s -> s.index().ofVectors() ? "VECTOR" : "TEXT")
        .text("table", s -> s.index().tableName().toString())
        .text("columns", s -> s.index().what())
        .text("options", s -> new TreeMap<>(s.index().options().properties()).toString())
        .text("snapshot", Shown::snapshot)
        .number("rows", s -> s.state().rows())
        .decimalNumber("coverage", IndexStatements::coverage)
        .number("rows_behind", Shown::missing)
        .optionalDecimal("recall", s -> s.state().recall())
        .number("bytes", s -> s.state().bytes())
        .optionalInstant(
            "refreshed_at",
            s -> Optional.of(s.state().refreshedAt()).filter(at -> at.isAfter(Instant.EPOCH)))
        .text("problem", s -> s.all() < 0 ? "the table is gone" : s.state().problem());
  }

  private static double coverage(Shown shown) {
    return shown.all() <= 0 ? shown.all() < 0 ? 0 : 1 : 1 - (double) shown.missing() / shown.all();
  }

  private Shown shown(IndexDefinition index, Caller caller) {
    State state = indexes.registry().state(index.id());
    String version = state.version();
    String snapshot = version.substring(version.lastIndexOf('#') + 1);
    Optional<AddressedTable> table = indexes.tableIfThere(index, caller);
    return new Shown(
        index,
        state,
        snapshot,
        table.map(t -> t.rowFiles().stream().mapToLong(RowFile::rows).sum()).orElse(-1L),
        table.map(t -> indexes.missingRows(index, t)).orElse(0L));
  }

  private StatementPlan show(ShowIndexes statement, Caller caller) {
    Predicate<String> like = LikePattern.of(statement.like());
    Columns<Shown> columns = columns();
    return new StatementPlan.Rows(
        columns.schema(),
        List.of(),
        () -> List.of("Show indexes"),
        (context, parameters) ->
            columns.reader(
                context.allocator(),
                indexes.registry().all().stream()
                    .filter(index -> like.test(index.name()))
                    .map(index -> shown(index, caller))
                    .toList()));
  }

  private record Property(String name, String value) {}

  private StatementPlan describe(DescribeIndex statement, Caller caller) {
    Columns<Property> columns =
        Columns.of(Property.class).text("property", Property::name).text("value", Property::value);
    return new StatementPlan.Rows(
        columns.schema(),
        List.of(),
        () -> List.of("Describe index " + statement.name()),
        (context, parameters) ->
            columns.reader(
                context.allocator(),
                properties(
                    find(statement.name(), caller).orElseThrow(() -> missing(statement.name())),
                    caller)));
  }

  private List<Property> properties(IndexDefinition index, Caller caller) {
    Shown shown = shown(index, caller);
    State state = shown.state();
    List<Property> all = new ArrayList<>();
    all.add(new Property("name", index.fullName()));
    all.add(new Property("kind", index.ofVectors() ? "VECTOR" : "TEXT"));
    all.add(new Property("table", index.tableName().toString()));
    all.add(new Property("columns", index.what()));
    new TreeMap<>(index.options().properties())
        .forEach((key, value) -> all.add(new Property(key, value)));
    all.add(new Property("snapshot", shown.snapshot()));
    all.add(new Property("rows", String.valueOf(state.rows())));
    all.add(new Property("rows behind", String.valueOf(shown.missing())));
    state.recall().ifPresent(r -> all.add(new Property("recall", String.valueOf(r))));
    all.add(new Property("bytes", String.valueOf(state.bytes())));
    try {
      Map<String, String> figures = indexes.opened(index).figures();
      new TreeMap<>(figures).forEach((key, value) -> all.add(new Property(key, value)));
    } catch (IOException e) {
      all.add(new Property("problem", String.valueOf(e.getMessage())));
    }
    all.add(new Property("refreshed at", state.refreshedAt().toString()));
    all.add(new Property("created at", index.createdAt().toString()));
    all.add(new Property("created by", index.createdBy()));
    if (!state.problem().isEmpty()) {
      all.add(new Property("problem", state.problem()));
    }
    return all;
  }

  private static StatementPlan update(String explanation, ToLongFunction<StatementContext> work) {
    return new StatementPlan.Update(
        List.of(), () -> List.of(explanation), (context, parameters) -> work.applyAsLong(context));
  }

  private static <T> T positioned(Name name, Supplier<T> work) {
    try {
      return work.get();
    } catch (KeldaException e) {
      throw at(e.code(), e.getMessage(), name);
    }
  }

  private static KeldaException at(ErrorCode code, String message, Name name) {
    return new KeldaException(code, message, name.position());
  }
}
