package dev.kelda.server;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * As much of the XML interfaces of Google Cloud Storage and of Azure Blob Storage as the engine
 * asks for when objects are small: put, get, head, delete and list, for those who know the secret.
 */
final class BlobServer implements AutoCloseable {
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d*)");
  private static final String MODIFIED = "Sat, 28 Nov 2026 12:00:00 GMT";

  enum Dialect {
    GOOGLE,
    AZURE
  }

  private final Dialect dialect;
  private final String secret;
  private final ConcurrentSkipListMap<String, byte[]> objects = new ConcurrentSkipListMap<>();
  private final HttpServer server;

  /**
   * @param secret Google's bearer token, or the signature of Azure's shared access token
   */
  BlobServer(Dialect dialect, String secret) throws IOException {
    this.dialect = dialect;
    this.secret = secret;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::answer);
    server.start();
  }

  String endpoint() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** By {@code bucket/key}. */
  SortedMap<String, byte[]> objects() {
    return objects;
  }

  private void answer(HttpExchange call) throws IOException {
    try (call) {
      byte[] body = call.getRequestBody().readAllBytes();
      String query = String.valueOf(call.getRequestURI().getQuery());
      String path = call.getRequestURI().getPath().substring(1);
      if (!isKnown(call, query)) {
        send(call, 403, "<Error><Code>AccessDenied</Code></Error>");
      } else if (query.contains("comp=batch")) {
        deleteAll(call, new String(body, StandardCharsets.UTF_8));
      } else if (query.contains("list")) {
        list(call, path, query);
      } else {
        object(call, path, body);
      }
    }
  }

  private boolean isKnown(HttpExchange call, String query) {
    return switch (dialect) {
      case GOOGLE ->
          ("Bearer " + secret).equals(call.getRequestHeaders().getFirst("Authorization"));
      case AZURE -> query.contains("sig=" + secret);
    };
  }

  private void object(HttpExchange call, String path, byte[] body) throws IOException {
    byte[] known = objects.get(path);
    switch (call.getRequestMethod()) {
      case "PUT" -> {
        objects.put(path, body);
        describe(call, body);
        call.sendResponseHeaders(dialect == Dialect.AZURE ? 201 : 200, -1);
      }
      case "DELETE" -> call.sendResponseHeaders(objects.remove(path) == null ? 404 : 202, -1);
      case "GET" -> {
        if (known == null) {
          send(call, 404, "<Error><Code>NoSuchKey</Code></Error>");
        } else {
          describe(call, known);
          part(call, known);
        }
      }
      case "HEAD" -> {
        if (known != null) {
          describe(call, known);
          call.getResponseHeaders().set("Content-Length", String.valueOf(known.length));
        }
        call.sendResponseHeaders(known == null ? 404 : 200, -1);
      }
      default -> call.sendResponseHeaders(405, -1);
    }
  }

  private static void describe(HttpExchange call, byte[] content) {
    call.getResponseHeaders().set("ETag", '"' + String.valueOf(Arrays.hashCode(content)) + '"');
    call.getResponseHeaders().set("Last-Modified", MODIFIED);
  }

  private static void part(HttpExchange call, byte[] content) throws IOException {
    String asked = call.getRequestHeaders().getFirst("Range");
    Matcher range = RANGE.matcher(asked == null ? "" : asked);
    if (!range.matches()) {
      send(call, 200, content);
      return;
    }
    int from = Integer.parseInt(range.group(1));
    int last = range.group(2).isEmpty() ? content.length - 1 : Integer.parseInt(range.group(2));
    byte[] bytes = Arrays.copyOfRange(content, from, Math.min(last + 1, content.length));
    call.getResponseHeaders()
        .set("Content-Range", "bytes %d-%d/%d".formatted(from, last, content.length));
    send(call, 206, bytes);
  }

  /** Azure's batch: a request within the request for each object. */
  private void deleteAll(HttpExchange call, String body) throws IOException {
    StringBuilder answers = new StringBuilder();
    Matcher requests = Pattern.compile("(?m)^DELETE /([^? ]+)").matcher(body);
    for (int id = 0; requests.find(); id++) {
      int status = objects.remove(requests.group(1)) == null ? 404 : 202;
      answers.append(
          "--b\r\nContent-Type: application/http\r\nContent-ID: %d\r\n\r\nHTTP/1.1 %d x\r\n\r\n\r\n"
              .formatted(id, status));
    }
    call.getResponseHeaders().set("Content-Type", "multipart/mixed; boundary=b");
    send(call, 202, answers + "--b--\r\n");
  }

  private void list(HttpExchange call, String path, String query) throws IOException {
    String bucket = path.replaceAll("/+$", "") + "/";
    Matcher asked = Pattern.compile("(?:^|&)prefix=([^&]*)").matcher(query);
    String prefix = bucket + (asked.find() ? asked.group(1) : "");
    StringBuilder entries = new StringBuilder();
    for (Map.Entry<String, byte[]> entry : objects.tailMap(prefix).entrySet()) {
      if (entry.getKey().startsWith(prefix)) {
        String key = entry.getKey().substring(bucket.length()).replace("&", "&amp;");
        entries.append(entry(key, entry.getValue().length));
      }
    }
    send(
        call,
        200,
        switch (dialect) {
          case GOOGLE ->
              "<ListBucketResult><IsTruncated>false</IsTruncated>%s</ListBucketResult>"
                  .formatted(entries);
          case AZURE ->
              "<EnumerationResults><Blobs>%s</Blobs><NextMarker/></EnumerationResults>"
                  .formatted(entries);
        });
  }

  private String entry(String key, int length) {
    return switch (dialect) {
      case GOOGLE ->
          """
          <Contents><Key>%s</Key><Size>%d</Size><ETag>"e"</ETag>\
          <LastModified>2026-11-28T12:00:00.000Z</LastModified></Contents>"""
              .formatted(key, length);
      case AZURE ->
          """
          <Blob><Name>%s</Name><Properties><Content-Length>%d</Content-Length><Etag>e</Etag>\
          <Content-Type>x</Content-Type><Last-Modified>%s</Last-Modified></Properties></Blob>"""
              .formatted(key, length, MODIFIED);
    };
  }

  private static void send(HttpExchange call, int status, String text) throws IOException {
    send(call, status, text.getBytes(StandardCharsets.UTF_8));
  }

  private static void send(HttpExchange call, int status, byte[] bytes) throws IOException {
    call.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    call.getResponseBody().write(bytes);
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
