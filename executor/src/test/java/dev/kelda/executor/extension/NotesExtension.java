package dev.kelda.executor.extension;

import dev.kelda.parser.ModelStatement.CreateModel;
import dev.kelda.parser.ModelStatement.DescribeModel;
import dev.kelda.parser.ModelStatement.DropModel;
import dev.kelda.parser.ModelStatement.ShowModels;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.Caller;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.Extension;
import dev.kelda.spi.extension.ExtensionFactory;
import dev.kelda.spi.extension.Metric;
import dev.kelda.spi.extension.PlannedFunction;
import dev.kelda.spi.extension.SqlQuery;
import dev.kelda.spi.extension.StatementHandler;
import dev.kelda.spi.extension.StatementPlan;
import dev.kelda.spi.rows.Columns;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A module as small as can be: "models" are lines of the metastore whose path says what SCALE does
 * with a number.
 */
final class NotesExtension implements Extension {
  record Note(String name, String path, long version) {}

  static final Columns<Note> COLUMNS =
      Columns.of(Note.class).text("name", Note::name).number("version", Note::version);

  final EngineServices services;

  NotesExtension(EngineServices services) {
    this.services = services;
    services
        .metastore()
        .migrate("notes", "dev/kelda/executor/extension", NotesExtension.class.getClassLoader());
  }

  /** Found by ServiceLoader. */
  public static final class Factory implements ExtensionFactory {
    @Override
    public String name() {
      return "notes";
    }

    @Override
    public Extension create(EngineServices services) {
      return new NotesExtension(services);
    }
  }

  @Override
  public List<StatementHandler<?>> statements() {
    return List.of(
        StatementHandler.of(CreateModel.class, this::create),
        StatementHandler.of(DropModel.class, this::drop),
        StatementHandler.of(
            ShowModels.class,
            (statement, caller) ->
                new StatementPlan.Rows(
                    COLUMNS.schema(),
                    List.of(),
                    () -> List.of("Show models"),
                    (context, parameters) -> COLUMNS.reader(context.allocator(), notes()))),
        StatementHandler.of(
            DescribeModel.class,
            (statement, caller) ->
                new StatementPlan.Query(
                    new SqlQuery(
                        "SELECT x + 1 AS next FROM (VALUES (%s)) AS t (x)"
                            .formatted(statement.name().last()),
                        statement.name().position()))));
  }

  private StatementPlan create(CreateModel statement, Caller caller) {
    String path = statement.properties().getOrDefault("path", "1");
    return new StatementPlan.Update(
        List.of(),
        () -> List.of("Create model " + statement.name()),
        (context, parameters) -> {
          // A query of its own inside the statement says how many rows there are to scale.
          long rows = context.execute(SqlQuery.of("SELECT 1 AS x UNION ALL SELECT 2"), List.of());
          services
              .metastore()
              .transaction(
                  connection -> {
                    try (PreparedStatement insert =
                        connection.prepareStatement(
                            "INSERT INTO notes_models VALUES (?, ?, 1) ON CONFLICT (name)"
                                + " DO UPDATE SET path = excluded.path,"
                                + " version = notes_models.version + 1")) {
                      insert.setString(1, statement.name().last());
                      insert.setString(2, path);
                      return insert.executeUpdate();
                    }
                  });
          return rows;
        });
  }

  private StatementPlan drop(DropModel statement, Caller caller) {
    String name = statement.name().last();
    note(name);
    return new StatementPlan.Update(
        List.of(),
        () -> List.of("Drop model " + name),
        (context, parameters) -> {
          while (name.equals("endless")) {
            context.checkpoint();
            Thread.onSpinWait();
          }
          return services
              .metastore()
              .transaction(
                  connection -> {
                    try (PreparedStatement delete =
                        connection.prepareStatement("DELETE FROM notes_models WHERE name = ?")) {
                      delete.setString(1, name);
                      return (long) delete.executeUpdate();
                    }
                  });
        });
  }

  @Override
  public List<PlannedFunction> functions() {
    return List.of(new ScaleFunction(this));
  }

  @Override
  public List<TableFunction> tableFunctions() {
    return List.of(new ScaledFunction());
  }

  /** {@code SCALED(TABLE t, MODEL m, DESCRIPTOR(a, b))}: the table and SCALE of each column. */
  private static final class ScaledFunction implements TableFunction {
    @Override
    public String name() {
      return "SCALED";
    }

    @Override
    public List<Parameter> parameters() {
      return List.of(
          new Parameter("input", Kind.RELATION, CanonicalTypes.NULL, true),
          new Parameter("model", Kind.MODEL, CanonicalTypes.NULL, true),
          new Parameter("columns", Kind.COLUMNS, CanonicalTypes.NULL, true),
          new Parameter("more", Kind.EXPRESSION, CanonicalTypes.NULL, false));
    }

    @Override
    public String description() {
      return "Scales columns of a table.";
    }

    @Override
    public Expansion expand(Call call) {
      Argument.Relation input = call.argument("input", Argument.Relation.class).orElseThrow();
      String model = call.argument("model", Argument.Model.class).orElseThrow().name();
      Optional<Argument.Expression> more = call.argument("more", Argument.Expression.class);
      StringBuilder sql = new StringBuilder("SELECT *");
      for (String column : call.argument("columns", Argument.Columns.class).orElseThrow().names()) {
        if (input.schema().get().getFields().stream()
            .noneMatch(f -> f.getName().equalsIgnoreCase(column))) {
          throw new KeldaException(ErrorCode.COLUMN_NOT_FOUND, "there is no column " + column);
        }
        sql.append(", SCALE('%s', %s) AS \"scaled_%s\"".formatted(model, column, column));
      }
      more.ifPresent(m -> sql.append(", " + m.placeholder() + " AS more"));
      sql.append(" FROM ").append(input.placeholder());
      return new Expansion.Query(SqlQuery.of(sql.toString()), () -> "");
    }
  }

  @Override
  public List<Metric> metrics() {
    return List.of(Metric.of("kelda_notes", "Notes", notes().size()));
  }

  Note note(String name) {
    return notes().stream()
        .filter(n -> n.name().equals(name))
        .findFirst()
        .orElseThrow(
            () -> new KeldaException(ErrorCode.FILE_NOT_FOUND, "there is no model " + name));
  }

  private List<Note> notes() {
    return services
        .metastore()
        .read(
            connection -> {
              List<Note> all = new ArrayList<>();
              try (PreparedStatement select =
                      connection.prepareStatement(
                          "SELECT name, path, version FROM notes_models ORDER BY name");
                  ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                  all.add(new Note(rows.getString(1), rows.getString(2), rows.getLong(3)));
                }
              }
              return all;
            });
  }

  @Override
  public void close() {}
}
