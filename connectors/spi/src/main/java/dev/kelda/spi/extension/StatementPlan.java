package dev.kelda.spi.extension;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.connector.Scalar;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/** How a module's statement runs; may run many times, from several threads. */
public sealed interface StatementPlan {
  /** The engine plans and runs this query in the statement's place, {@code ?} included. */
  record Query(SqlQuery query) implements StatementPlan {
    public Query {
      requireNonNull(query, "query is null");
    }
  }

  /**
   * Rows that the module makes.
   *
   * @param parameters one field per {@code ?}
   * @param explanation the lines of EXPLAIN
   * @param version of what the plan rests on, as it is when asked: a plan is kept as long as it is
   *     the one at planning; empty: it is made anew each time
   * @param work opens the rows; the engine closes the reader
   */
  record Rows(
      Schema schema,
      List<Field> parameters,
      Supplier<List<String>> explanation,
      Optional<Supplier<String>> version,
      RowsWork work)
      implements StatementPlan {
    /** A plan for one time. */
    public Rows(
        Schema schema, List<Field> parameters, Supplier<List<String>> explanation, RowsWork work) {
      this(schema, parameters, explanation, Optional.empty(), work);
    }

    public Rows {
      requireNonNull(schema, "schema is null");
      parameters = List.copyOf(parameters);
      requireNonNull(explanation, "explanation is null");
      requireNonNull(version, "version is null");
      requireNonNull(work, "work is null");
    }
  }

  /**
   * A change.
   *
   * @param work gives the number of rows it wrote; 0 where that means nothing
   */
  record Update(List<Field> parameters, Supplier<List<String>> explanation, UpdateWork work)
      implements StatementPlan {
    public Update {
      parameters = List.copyOf(parameters);
      requireNonNull(explanation, "explanation is null");
      requireNonNull(work, "work is null");
    }
  }

  /** Opens rows whose schema is the plan's. */
  interface RowsWork {
    ArrowReader open(StatementContext context, List<Scalar> parameters);
  }

  /** Makes the change. */
  interface UpdateWork {
    long run(StatementContext context, List<Scalar> parameters);
  }
}
