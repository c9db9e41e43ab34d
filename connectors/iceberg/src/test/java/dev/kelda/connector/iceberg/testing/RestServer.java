package dev.kelda.connector.iceberg.testing;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.apache.iceberg.CatalogProperties;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.jdbc.JdbcCatalog;
import org.apache.iceberg.rest.HTTPRequest;
import org.apache.iceberg.rest.RESTCatalogAdapter;
import org.apache.iceberg.rest.RESTCatalogServlet;
import org.apache.iceberg.rest.RESTResponse;
import org.apache.iceberg.rest.responses.ErrorResponse;
import org.apache.iceberg.rest.responses.LoadTableResponse;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** Iceberg's own REST server over a SQLite catalog; wants a token of its OAuth2 endpoint. */
public final class RestServer implements AutoCloseable {
  public static final String CREDENTIAL = "kelda:secret";

  private static final String DELEGATION = "X-Iceberg-Access-Delegation";

  private final JdbcCatalog backend;
  private final Server server = new Server();
  private final ServerConnector connector = new ServerConnector(server);
  private final AtomicBoolean silent = new AtomicBoolean();

  /**
   * @param database of the server's catalog
   * @param warehouse URL of the folder for tables
   * @param io reaches the warehouse
   * @param vending adds to the answer what a client that asks for credentials of a table gets
   */
  public RestServer(
      Path database,
      String warehouse,
      FileIO io,
      BiConsumer<TableMetadata, LoadTableResponse.Builder> vending)
      throws Exception {
    backend = new JdbcCatalog(properties -> io, null, true);
    backend.initialize(
        "server",
        Map.of(
            CatalogProperties.URI,
            "jdbc:sqlite:" + database,
            CatalogProperties.WAREHOUSE_LOCATION,
            warehouse,
            "jdbc.schema-version",
            "V1"));
    backend.createNamespace(Namespace.of("main"));
    ServletContextHandler context = new ServletContextHandler();
    context.addServlet(
        new ServletHolder(new RESTCatalogServlet(new Vending(backend, vending))), "/*");
    context.addFilter(new FilterHolder(new Gate()), "/*", EnumSet.of(DispatcherType.REQUEST));
    server.setHandler(context);
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    server.start();
  }

  public String uri() {
    return "http://127.0.0.1:" + connector.getLocalPort();
  }

  /** From now on commits happen, but nobody is told. */
  public void loseAnswers() {
    silent.set(true);
  }

  private static final class Vending extends RESTCatalogAdapter {
    private final BiConsumer<TableMetadata, LoadTableResponse.Builder> vending;

    Vending(Catalog backend, BiConsumer<TableMetadata, LoadTableResponse.Builder> vending) {
      super(backend);
      this.vending = vending;
    }

    @Override
    protected <T extends RESTResponse> T execute(
        HTTPRequest request,
        Class<T> type,
        Consumer<ErrorResponse> errors,
        Consumer<Map<String, String>> headers) {
      T response = super.execute(request, type, errors, headers);
      if (!(response instanceof LoadTableResponse table)
          || !request.headers().contains(DELEGATION)) {
        return response;
      }
      LoadTableResponse.Builder answer =
          LoadTableResponse.builder()
              .withTableMetadata(table.tableMetadata())
              .addAllConfig(table.config());
      vending.accept(table.tableMetadata(), answer);
      return type.cast(answer.build());
    }
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
    backend.close();
  }
}
