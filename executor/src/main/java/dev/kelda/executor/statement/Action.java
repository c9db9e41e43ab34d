package dev.kelda.executor.statement;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.run.Execution;
import dev.kelda.executor.run.Outcome;
import dev.kelda.executor.run.PlannedQuery;
import dev.kelda.spi.connector.Scalar;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A checked statement, ready to run.
 *
 * @param rows the row type; empty for an update
 * @param query what is planned of it, for EXPLAIN and for the check that tables are as they were
 * @param parameters one field per {@code ?}
 * @param cacheable the same text gives an equal action as long as the query is current
 * @param work runs it once
 * @param explanation the lines of EXPLAIN, where there is no query to explain
 * @param holds whether what was planned without a query is still so
 */
public record Action(
    Optional<Schema> rows,
    Optional<PlannedQuery> query,
    List<Field> parameters,
    boolean cacheable,
    Work work,
    Optional<Supplier<List<String>>> explanation,
    BooleanSupplier holds) {

  /** Runs a statement once. */
  public interface Work {
    Outcome run(Execution execution, List<Scalar> parameters);
  }

  public Action {
    requireNonNull(rows, "rows is null");
    requireNonNull(query, "query is null");
    parameters = List.copyOf(parameters);
    requireNonNull(work, "work is null");
    requireNonNull(explanation, "explanation is null");
    requireNonNull(holds, "holds is null");
  }

  /** A statement that is explained by its query, if at all. */
  public Action(
      Optional<Schema> rows,
      Optional<PlannedQuery> query,
      List<Field> parameters,
      boolean cacheable,
      Work work) {
    this(rows, query, parameters, cacheable, work, Optional.empty(), () -> true);
  }

  /** A statement that returns rows made in Java. */
  static Action rows(Schema schema, Function<Execution, Outcome> work) {
    return new Action(
        Optional.of(schema),
        Optional.empty(),
        List.of(),
        false,
        (execution, parameters) -> work.apply(execution));
  }

  /** A statement that changes something and returns nothing. */
  static Action update(Runnable work) {
    return update(execution -> work.run());
  }

  /** The same for work that runs queries of its own. */
  static Action update(Consumer<Execution> work) {
    return new Action(
        Optional.empty(),
        Optional.empty(),
        List.of(),
        false,
        (execution, parameters) -> {
          execution.running();
          work.accept(execution);
          return Outcome.DONE;
        });
  }

  /** A statement that fills a table from a query. */
  static Action write(PlannedQuery query, Work work) {
    return new Action(
        Optional.empty(), Optional.of(query), query.plan().parameterTypes(), false, work);
  }

  /** Indexes of the parameters whose type nothing in the statement says. */
  public Set<Integer> openParameters() {
    return query.map(planned -> planned.plan().openParameters()).orElseGet(Set::of);
  }

  /** Does what was planned still hold? Asks the sources. */
  public boolean isCurrent() {
    return query.map(PlannedQuery::isCurrent).orElseGet(holds::getAsBoolean);
  }
}
