package dev.kelda.server.http;

import dev.kelda.spi.http.HttpRoute;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** The modules' routes by method and path. Immutable. */
final class RouteTable {
  private final List<HttpRoute> routes;

  RouteTable(List<HttpRoute> routes) {
    this.routes = List.copyOf(routes);
  }

  /**
   * @param parts values of the path's parts in braces
   */
  record Match(HttpRoute route, Map<String, String> parts) {}

  /** Empty when no route is for this method and path. */
  Optional<Match> find(String method, String path) {
    for (HttpRoute route : routes) {
      if (route.method().equals(method)) {
        Optional<Map<String, String>> parts = parts(route, path);
        if (parts.isPresent()) {
          return Optional.of(new Match(route, parts.get()));
        }
      }
    }
    return Optional.empty();
  }

  /** The methods that some route takes at this path. */
  List<String> methods(String path) {
    TreeSet<String> methods = new TreeSet<>();
    for (HttpRoute route : routes) {
      if (parts(route, path).isPresent()) {
        methods.add(route.method());
      }
    }
    return List.copyOf(methods);
  }

  /** The longest body that any route takes. */
  int mostBodyBytes() {
    return routes.stream().mapToInt(HttpRoute::mostBodyBytes).max().orElse(0);
  }

  private static Optional<Map<String, String>> parts(HttpRoute route, String path) {
    String[] pattern = route.path().split("/", -1);
    String[] given = path.split("/", -1);
    if (pattern.length != given.length) {
      return Optional.empty();
    }
    Map<String, String> parts = new HashMap<>();
    for (int i = 0; i < pattern.length; i++) {
      if (pattern[i].startsWith("{") && !given[i].isEmpty()) {
        Optional<String> value = decoded(given[i]);
        if (value.isEmpty()) {
          return Optional.empty();
        }
        parts.put(pattern[i].substring(1, pattern[i].length() - 1), value.get());
      } else if (!pattern[i].equals(given[i])) {
        return Optional.empty();
      }
    }
    return Optional.of(parts);
  }

  private static Optional<String> decoded(String part) {
    try {
      return Optional.of(URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
