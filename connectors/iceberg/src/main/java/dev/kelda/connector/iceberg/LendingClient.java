package dev.kelda.connector.iceberg;

import dev.kelda.connector.iceberg.VendedCredentials.Handed;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.iceberg.rest.ErrorHandlers;
import org.apache.iceberg.rest.ParserContext;
import org.apache.iceberg.rest.RESTClient;
import org.apache.iceberg.rest.RESTRequest;
import org.apache.iceberg.rest.RESTResponse;
import org.apache.iceberg.rest.auth.AuthSession;
import org.apache.iceberg.rest.responses.ErrorResponse;
import org.apache.iceberg.rest.responses.LoadTableResponse;

/** Iceberg's client of a REST server; the credentials in each table that comes are lent. */
record LendingClient(RESTClient client, VendedCredentials vended) implements RESTClient {
  @Override
  public RESTClient withAuthSession(AuthSession session) {
    return new LendingClient(client.withAuthSession(session), vended);
  }

  @Override
  public <T extends RESTResponse> T get(
      String path,
      Map<String, String> query,
      Class<T> type,
      Map<String, String> headers,
      Consumer<ErrorResponse> errors) {
    return loaded(path, headers, client.get(path, query, type, headers, errors));
  }

  @Override
  public <T extends RESTResponse> T get(
      String path,
      Map<String, String> query,
      Class<T> type,
      Map<String, String> headers,
      Consumer<ErrorResponse> errors,
      Consumer<Map<String, String>> responseHeaders) {
    return loaded(path, headers, client.get(path, query, type, headers, errors, responseHeaders));
  }

  @Override
  public <T extends RESTResponse> T get(
      String path,
      Map<String, String> query,
      Class<T> type,
      Map<String, String> headers,
      Consumer<ErrorResponse> errors,
      ParserContext context) {
    return loaded(path, headers, client.get(path, query, type, headers, errors, context));
  }

  @Override
  public <T extends RESTResponse> T post(
      String path,
      RESTRequest body,
      Class<T> type,
      Map<String, String> headers,
      Consumer<ErrorResponse> errors) {
    return made(client.post(path, body, type, headers, errors));
  }

  @Override
  public <T extends RESTResponse> T post(
      String path,
      RESTRequest body,
      Class<T> type,
      Map<String, String> headers,
      Consumer<ErrorResponse> errors,
      Consumer<Map<String, String>> responseHeaders) {
    return made(client.post(path, body, type, headers, errors, responseHeaders));
  }

  @Override
  public <T extends RESTResponse> T post(
      String path,
      RESTRequest body,
      Class<T> type,
      Map<String, String> headers,
      Consumer<ErrorResponse> errors,
      Consumer<Map<String, String>> responseHeaders,
      ParserContext context) {
    return made(client.post(path, body, type, headers, errors, responseHeaders, context));
  }

  @Override
  public <T extends RESTResponse> T postForm(
      String path,
      Map<String, String> form,
      Class<T> type,
      Map<String, String> headers,
      Consumer<ErrorResponse> errors) {
    return client.postForm(path, form, type, headers, errors);
  }

  @Override
  public void head(String path, Map<String, String> headers, Consumer<ErrorResponse> errors) {
    client.head(path, headers, errors);
  }

  @Override
  public <T extends RESTResponse> T delete(
      String path, Class<T> type, Map<String, String> headers, Consumer<ErrorResponse> errors) {
    return client.delete(path, type, headers, errors);
  }

  @Override
  public <T extends RESTResponse> T delete(
      String path,
      Map<String, String> query,
      Class<T> type,
      Map<String, String> headers,
      Consumer<ErrorResponse> errors) {
    return client.delete(path, query, type, headers, errors);
  }

  @Override
  public void close() throws IOException {
    client.close();
  }

  private <T extends RESTResponse> T loaded(String path, Map<String, String> headers, T response) {
    if (response instanceof LoadTableResponse table) {
      lend(table, Optional.of(() -> loadAgain(path, headers)));
    }
    return response;
  }

  // One that is being made cannot be loaded yet; its statement ends with what it got.
  private <T extends RESTResponse> T made(T response) {
    if (response instanceof LoadTableResponse table) {
      lend(table, Optional.empty());
    }
    return response;
  }

  private void lend(LoadTableResponse table, Optional<Supplier<Handed>> again) {
    vended.lend(table.tableMetadata(), handed(table), again);
  }

  private Handed loadAgain(String path, Map<String, String> headers) {
    return handed(
        client.get(
            path,
            Map.of("snapshots", "refs"),
            LoadTableResponse.class,
            headers,
            ErrorHandlers.tableErrorHandler()));
  }

  private static Handed handed(LoadTableResponse table) {
    return new Handed(table.config(), table.credentials());
  }
}
