package dev.kelda.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kelda.executor.EngineConfig;
import dev.kelda.server.KeldaServer;
import dev.kelda.server.config.Configuration;
import dev.kelda.server.config.PasswordHash;
import dev.kelda.server.config.ServerConfig;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Requests to a module's routes, over a socket. */
@Timeout(60)
final class TestHttpRoutes {
  @TempDir Path home;
  private final HttpClient client = HttpClient.newHttpClient();
  private KeldaServer server;

  private void start(ServerConfig config) {
    server =
        KeldaServer.start(
            new Configuration(
                EngineConfig.of(home).withThreads(2).withMemoryBytes(256L << 20),
                config.withAddress("127.0.0.1", 0, 0)));
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  @Test
  void routesAnswerWithPartsBodyAndQuery() throws Exception {
    start(ServerConfig.DEFAULT);
    HttpResponse<String> answer = post("/test-echo/a%20b+c/back?x=1", "hello", "");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("anonymous a b+c hello");
    assertThat(answer.headers().firstValue("x-query")).contains("x=1");
    assertThat(get("/metrics").body()).contains("kelda_echo_total 1");
    assertThat(get("/nothing").statusCode()).isEqualTo(404);
    assertThat(get("/test-echo/a/back").statusCode()).isEqualTo(405);
    assertThat(get("/test-echo/a/back").headers().firstValue("allow")).contains("POST");
    assertThat(put("/test-echo/a/back", "x".repeat(101)).statusCode()).isEqualTo(405);
    assertThat(post("/healthz", "", "").statusCode()).isEqualTo(405);
  }

  @Test
  void errorsHaveFittingStates() throws Exception {
    start(ServerConfig.DEFAULT);
    Map<String, Integer> expected =
        Map.of(
            "TABLE_NOT_FOUND", 404,
            "INVALID_ARGUMENT", 400,
            "ACCESS_DENIED", 403,
            "TOO_MANY_REQUESTS", 429,
            "TIMEOUT", 504,
            "STORAGE_ERROR", 502,
            "INTERNAL_ERROR", 500);
    for (Map.Entry<String, Integer> error : expected.entrySet()) {
      HttpResponse<String> answer = get("/test-echo/" + error.getKey() + "/fail");
      assertThat(answer.statusCode()).as(error.getKey()).isEqualTo(error.getValue());
      assertThat(answer.body())
          .isEqualTo("{\"error\":\"" + error.getKey() + ": it \\\"failed\\\"\"}");
    }
    assertThat(get("/test-echo/NO_SUCH_CODE/fail").statusCode()).isEqualTo(500);
  }

  @Test
  void longBodiesAreRefusedWithoutReadingThem() throws Exception {
    start(ServerConfig.DEFAULT);
    assertThat(post("/test-echo/a/back", "x".repeat(100), "").statusCode()).isEqualTo(200);
    assertThat(post("/test-echo/a/back", "x".repeat(101), "").statusCode()).isEqualTo(413);
    assertThat(post("/metrics", "x", "").statusCode()).isEqualTo(413);
    String chunked =
        raw(
            "POST /test-echo/a/back HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "c8\r\n"
                + "x".repeat(200)
                + "\r\n0\r\n\r\n");
    assertThat(chunked).contains("413");
  }

  @Test
  void usersAreKnownBeforeTheBodyIsRead() throws Exception {
    start(ServerConfig.DEFAULT.withUsers(Map.of("ann", PasswordHash.of("secret"))));
    assertThat(post("/test-echo/a/back", "x", "").statusCode()).isEqualTo(401);
    assertThat(post("/test-echo/a/back", "x", "ann:wrong").statusCode()).isEqualTo(401);
    assertThat(post("/test-echo/a/back", "x", "ann:secret").body()).isEqualTo("ann a x");
    assertThat(raw("POST /test-echo/a/back HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n"))
        .contains("401")
        .contains("www-authenticate: Basic");
    assertThat(get("/healthz").statusCode()).isEqualTo(200);
  }

  @Test
  void pipelinedRequestsAreAnsweredInOrder() throws Exception {
    start(ServerConfig.DEFAULT);
    String both =
        raw(
            "POST /test-echo/1/back HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nsleep"
                + "POST /test-echo/2/back HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nno"
                + "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assertThat(both.indexOf("anonymous 1 sleep")).isPositive();
    assertThat(both.indexOf("anonymous 2 no")).isGreaterThan(both.indexOf("anonymous 1 sleep"));
    assertThat(both).endsWith("ok\n");
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(URI.create(server.httpUri().orElseThrow() + path)).build(),
        BodyHandlers.ofString());
  }

  private HttpResponse<String> post(String path, String body, String user)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(server.httpUri().orElseThrow() + path))
            .POST(BodyPublishers.ofString(body));
    if (!user.isEmpty()) {
      request.header(
          "authorization", "Basic " + Base64.getEncoder().encodeToString(user.getBytes()));
    }
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private HttpResponse<String> put(String path, String body)
      throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(URI.create(server.httpUri().orElseThrow() + path))
            .PUT(BodyPublishers.ofString(body))
            .build(),
        BodyHandlers.ofString());
  }

  /** What the server sends until it closes the connection. */
  private String raw(String request) throws IOException {
    URI uri = URI.create(server.httpUri().orElseThrow());
    try (Socket socket = new Socket(uri.getHost(), uri.getPort());
        InputStream in = socket.getInputStream()) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
