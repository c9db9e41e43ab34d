package dev.kelda.executor;

import dev.kelda.executor.statement.Action;
import java.util.List;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * @param path where its names were looked up
 * @param names what {@code ConnectorRegistry.changes} said before it was planned
 */
record PreparedStatement(String sql, Session.Path path, long names, Action action)
    implements Prepared {
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
