package dev.kelda.server.flight;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.Prepared;
import dev.kelda.spi.connector.Scalar;
import java.util.List;

/** A prepared statement of a client, with the parameters it bound last. Thread-safe. */
final class PreparedHandle {
  private final String id;
  private final ServerSession session;
  private final Prepared prepared;
  private volatile List<List<Scalar>> parameterRows = List.of();

  PreparedHandle(String id, ServerSession session, Prepared prepared) {
    this.id = requireNonNull(id, "id is null");
    this.session = requireNonNull(session, "session is null");
    this.prepared = requireNonNull(prepared, "prepared is null");
  }

  String id() {
    return id;
  }

  ServerSession session() {
    return session;
  }

  Prepared prepared() {
    return prepared;
  }

  /** Empty until bound. */
  List<List<Scalar>> parameterRows() {
    return parameterRows;
  }

  void bind(List<List<Scalar>> rows) {
    parameterRows = List.copyOf(rows);
  }
}
