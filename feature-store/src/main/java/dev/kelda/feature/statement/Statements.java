package dev.kelda.feature.statement;

import dev.kelda.parser.Name;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.TextPosition;
import dev.kelda.spi.extension.Caller;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.EngineServices.TableName;
import dev.kelda.spi.extension.StatementPlan;
import dev.kelda.spi.rows.Columns;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** What the handlers of this module have in common. */
public final class Statements {
  private Statements() {}

  /** A change without parameters that counts no rows. */
  public static StatementPlan update(List<String> explanation, Runnable work) {
    return new StatementPlan.Update(
        List.of(),
        () -> explanation,
        (context, parameters) -> {
          work.run();
          return 0;
        });
  }

  public static <T> StatementPlan rows(
      String explanation, Columns<T> columns, Supplier<List<T>> rows) {
    return new StatementPlan.Rows(
        columns.schema(),
        List.of(),
        () -> List.of(explanation),
        (context, parameters) -> columns.reader(context.allocator(), rows.get()));
  }

  /** The full name of what a statement is about. */
  public static TableName fullName(EngineServices services, Caller caller, Name name) {
    return services.tableName(caller, name.parts(), name.position());
  }

  /** Which schemas SHOW … FROM means: those of one schema, or the session's. */
  public static Predicate<TableName> in(
      EngineServices services, Caller caller, Optional<Name> schema) {
    List<String> parts = schema.map(Name::parts).orElse(List.of(caller.catalog(), caller.schema()));
    TextPosition position = schema.map(Name::position).orElse(new TextPosition(1, 1));
    List<String> any = new ArrayList<>(parts);
    any.add("*");
    TableName place = services.tableName(caller, any, position);
    return name -> name.catalog().equals(place.catalog()) && name.schema().equals(place.schema());
  }

  public static KeldaException at(ErrorCode code, String message, TextPosition position) {
    return new KeldaException(code, message, position);
  }

  /** The work with the place in the text added to errors that do not know it. */
  public static void positioned(Name name, Runnable work) {
    try {
      work.run();
    } catch (KeldaException e) {
      throw e.position().isPresent()
          ? e
          : new KeldaException(e.code(), e.getMessage(), Optional.of(name.position()), e);
    }
  }
}
