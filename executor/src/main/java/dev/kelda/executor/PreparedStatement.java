package dev.kelda.executor;

import dev.kelda.executor.run.Parameters;
import dev.kelda.executor.statement.Action;
import dev.kelda.parser.SqlText;
import dev.kelda.parser.Statement;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Scalar;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * @param path where its names were looked up
 * @param names what {@code ConnectorRegistry.changes} said before it was planned
 * @param binding what was known of the parameters when it was planned
 */
record PreparedStatement(
    String sql, Session.Path path, long names, Binding binding, Action action, boolean isPlanned)
    implements Prepared {
  /** A column of a result that is not known before the parameters are. */
  private static final Schema UNKNOWN =
      new Schema(List.of(Field.nullable("?", CanonicalTypes.UTF8)));

  PreparedStatement(String sql, Session.Path path, long names, Binding binding, Action action) {
    this(sql, path, names, binding, action, true);
  }

  /** A statement that can be planned when its parameters have values. */
  static PreparedStatement unbound(String sql, Session.Path path, long names) {
    Statement statement = SqlText.parse(sql);
    boolean hasRows =
        statement instanceof Statement.Query
            || statement instanceof Statement.DescribeQuery
            || statement instanceof Statement.Call
            || statement instanceof Statement.Explain;
    List<Field> parameters =
        IntStream.rangeClosed(1, SqlText.parameterCount(sql))
            .mapToObj(i -> Field.nullable("$" + i, CanonicalTypes.UTF8))
            .toList();
    Action.Work work =
        (execution, values) -> {
          throw new IllegalStateException("not bound: " + sql);
        };
    Action action =
        new Action(
            hasRows ? Optional.of(UNKNOWN) : Optional.empty(),
            Optional.empty(),
            parameters,
            false,
            work);
    return new PreparedStatement(sql, path, names, Binding.NONE, action, false);
  }

  boolean isBound() {
    return !binding.equals(Binding.NONE);
  }

  /** The values that are left to bind: where all are part of the plan there are none. */
  List<Scalar> values(Action current, List<Scalar> given) {
    return current.parameters().isEmpty() && isBound()
        ? List.of()
        : Parameters.coerce(current.parameters(), given);
  }

  @Override
  public Kind kind() {
    return action.rows().isPresent() ? Kind.QUERY : Kind.UPDATE;
  }

  @Override
  public Schema resultSchema() {
    return action.rows().orElseGet(() -> new Schema(List.of()));
  }

  @Override
  public Schema parameterSchema() {
    return new Schema(action.parameters());
  }
}
