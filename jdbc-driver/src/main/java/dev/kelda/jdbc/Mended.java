package dev.kelda.jdbc;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.apache.arrow.driver.jdbc.shaded.org.apache.arrow.flight.ErrorFlightMetadata;
import org.apache.arrow.driver.jdbc.shaded.org.apache.arrow.flight.FlightRuntimeException;

/**
 * Puts fixes before an object of the stock driver: a method that the fixes have, by name and
 * parameters, is theirs; everything else goes to the object. Errors are SQLExceptions, also those
 * of the rows that a method returns.
 */
final class Mended implements InvocationHandler {
  private static final String SQL_STATE = "x-kelda-sqlstate";
  private static final Object NO_FIXES = new Object();
  private static final Map<Class<?>, Map<String, Method>> METHODS = new ConcurrentHashMap<>();

  /** Fixes that are told of each call before it is made. */
  interface Watching {
    /**
     * @param arguments may be null
     */
    void before(Method method, Object[] arguments) throws SQLException;
  }

  private final Object target;
  private final Object fixes;
  private final Function<ResultSet, Object> rowFixes;
  private final Map<String, Method> methods;

  private Mended(Object target, Object fixes, Function<ResultSet, Object> rowFixes) {
    this.target = target;
    this.fixes = fixes;
    this.rowFixes = rowFixes;
    this.methods = METHODS.computeIfAbsent(fixes.getClass(), Mended::fixesOf);
  }

  static <T> T of(Class<T> type, T target, Object fixes) {
    return of(type, target, fixes, rows -> NO_FIXES);
  }

  /**
   * @param rowFixes of the rows that a method returns
   */
  static <T> T of(Class<T> type, T target, Object fixes, Function<ResultSet, Object> rowFixes) {
    return type.cast(
        Proxy.newProxyInstance(
            Mended.class.getClassLoader(),
            new Class<?>[] {type},
            new Mended(target, fixes, rowFixes)));
  }

  @Override
  public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
    if (method.getName().equals("isWrapperFor")) {
      return ((Class<?>) arguments[0]).isInstance(target);
    }
    if (method.getName().equals("unwrap") && ((Class<?>) arguments[0]).isInstance(target)) {
      return target;
    }
    if (fixes instanceof Watching watching) {
      watching.before(method, arguments);
    }
    Method fix = methods.get(signature(method));
    try {
      Object given = fix == null ? method.invoke(target, arguments) : fix.invoke(fixes, arguments);
      if (given instanceof ResultSet rows) {
        return of(ResultSet.class, rows, rowFixes.apply(rows));
      }
      return given;
    } catch (InvocationTargetException e) {
      throw asSqlException(e.getCause());
    }
  }

  /** What the stock driver throws as it meets it: errors of the server after the first batch. */
  private static Throwable asSqlException(Throwable thrown) {
    if (!(thrown instanceof FlightRuntimeException flight)) {
      return thrown;
    }
    ErrorFlightMetadata metadata = flight.status().metadata();
    String state = metadata == null ? null : metadata.get(SQL_STATE);
    return new SQLException(flight.getMessage(), state, flight);
  }

  private static Map<String, Method> fixesOf(Class<?> type) {
    Map<String, Method> found = new ConcurrentHashMap<>();
    for (Method method : type.getMethods()) {
      if (method.getDeclaringClass() != Object.class) {
        method.setAccessible(true);
        found.put(signature(method), method);
      }
    }
    return found;
  }

  private static String signature(Method method) {
    return method.getName() + Arrays.toString(method.getParameterTypes());
  }
}
