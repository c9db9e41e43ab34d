package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.LocationPolicy;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.iceberg.rest.RESTCatalogAdapter;
import org.apache.iceberg.rest.RESTCatalogServlet;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** Iceberg's own REST server over a catalog in a folder; wants a token of its OAuth2 endpoint. */
final class RestServer implements AutoCloseable {
  static final String CREDENTIAL = "kelda:secret";

  private final IcebergCatalog backend;
  private final Server server = new Server();
  private final ServerConnector connector = new ServerConnector(server);
  private final AtomicBoolean silent = new AtomicBoolean();

  RestServer(Path folder) throws Exception {
    backend =
        JdbcCatalogs.open(
            "server",
            "jdbc:sqlite:" + folder.resolve("server.db"),
            new Locations(
                "file://" + folder.resolve("tables"), new LocationPolicy(folder, List.of())),
            Map.of(),
            Map.of());
    ServletContextHandler context = new ServletContextHandler();
    context.addServlet(
        new ServletHolder(new RESTCatalogServlet(new RESTCatalogAdapter(backend.tables()))), "/*");
    context.addFilter(new FilterHolder(new Gate()), "/*", EnumSet.of(DispatcherType.REQUEST));
    server.setHandler(context);
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    server.start();
  }

  String uri() {
    return "http://127.0.0.1:" + connector.getLocalPort();
  }

  /** From now on commits happen, but nobody is told. */
  void loseAnswers() {
    silent.set(true);
  }

  private final class Gate extends HttpFilter {
    private static final long serialVersionUID = 1;

    @Override
    protected void doFilter(
        HttpServletRequest request, HttpServletResponse response, FilterChain next)
        throws IOException, ServletException {
      boolean login = request.getRequestURI().endsWith("/oauth/tokens");
      String token = String.valueOf(request.getHeader("Authorization"));
      if (!login && !token.equals("Bearer client-credentials-token:sub=kelda")) {
        response.sendError(HttpServletResponse.SC_UNAUTHORIZED);
        return;
      }
      next.doFilter(request, response);
      boolean commit =
          request.getMethod().equals("POST") && request.getRequestURI().contains("/tables/");
      if (commit && silent.getAndSet(false)) {
        throw new IOException("the answer is lost");
      }
    }
  }

  @Override
  public void close() throws Exception {
    server.stop();
    backend.connection().close();
  }
}
