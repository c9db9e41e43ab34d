package dev.kelda.jdbc;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.apache.arrow.driver.jdbc.shaded.org.apache.arrow.flight.FlightRuntimeException;

/**
 * The rows of a query, whose errors are SQLExceptions: those after the first batch the stock driver
 * throws as it meets them.
 */
final class Results implements InvocationHandler {
  private static final String SQL_STATE = "x-kelda-sqlstate";

  private final ResultSet results;

  private Results(ResultSet results) {
    this.results = results;
  }

  /** Null for null, as of a statement without rows. */
  static ResultSet of(ResultSet results) {
    return results == null
        ? null
        : (ResultSet)
            Proxy.newProxyInstance(
                Results.class.getClassLoader(),
                new Class<?>[] {ResultSet.class},
                new Results(results));
  }

  @Override
  public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
    try {
      return method.invoke(results, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause() instanceof FlightRuntimeException flight
          ? new SQLException(flight.getMessage(), state(flight), flight)
          : e.getCause();
    }
  }

  private static String state(FlightRuntimeException flight) {
    return flight.status().metadata() == null ? null : flight.status().metadata().get(SQL_STATE);
  }
}
