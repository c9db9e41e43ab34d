package dev.kelda.ai.embed;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kelda.ai.registry.RemoteTextModel;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.Options;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Vectors of texts from a server with OpenAI's API for embeddings ({@code POST url}, {@code
 * {"model", "input"}}). There is one, and only when the section {@code [embedding]} of the
 * configuration names it: a statement chooses a model, never where texts or the key go.
 * Thread-safe.
 */
public final class EmbeddingServer implements AutoCloseable {
  private static final int MOST_TEXTS = 128;
  private static final int MOST_CHARACTERS = 200_000;
  private static final int MOST_ANSWER_BYTES = 64 << 20;
  private static final int MOST_DIMENSIONS = 65_536;
  private static final int TRIES = 4;
  private static final long FIRST_PAUSE_MILLIS = 500;
  private static final long CHECK_MILLIS = 100;
  private static final int SHOWN = 200;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Optional<URI> url;
  private final Optional<String> key;
  private final Duration timeout;
  private HttpClient client;

  /**
   * @param section {@code [embedding]}: url, key, timeout
   * @throws KeldaException INVALID_CONFIGURATION
   */
  public EmbeddingServer(Map<String, String> section) {
    Options options = new Options("embedding", section);
    this.url = options.text("url").map(EmbeddingServer::http);
    this.key = options.text("key");
    this.timeout = options.duration("timeout", Duration.ofSeconds(60));
    options.requireNoOthers();
  }

  private static URI http(String text) {
    try {
      URI url = URI.create(text);
      if (url.getHost() != null && List.of("http", "https").contains(url.getScheme())) {
        return url;
      }
    } catch (IllegalArgumentException e) {
      throw noUrl(text, e);
    }
    throw noUrl(text, null);
  }

  private static KeldaException noUrl(String text, Throwable cause) {
    return new KeldaException(
        ErrorCode.INVALID_CONFIGURATION,
        "[embedding] url is '%s'; it must be a URL such as 'https://host/v1/embeddings'"
            .formatted(text),
        cause);
  }

  /** Where the server is. */
  public URI url() {
    return url.orElseThrow(
        () ->
            new KeldaException(
                ErrorCode.NOT_SUPPORTED,
                "there is no embedding server; the configuration names it: [embedding] url"));
  }

  /**
   * @param checkpoint throws when the call shall stop; asked often
   * @return a vector per text
   * @throws KeldaException NOT_SUPPORTED without a server; REMOTE_SOURCE_ERROR for what it answers;
   *     TIMEOUT
   */
  public List<float[]> of(RemoteTextModel model, List<String> texts, Runnable checkpoint) {
    List<float[]> vectors = new ArrayList<>(texts.size());
    for (int from = 0; from < texts.size(); ) {
      int to = from + 1;
      int characters = texts.get(from).length();
      while (to < texts.size()
          && to - from < MOST_TEXTS
          && characters + texts.get(to).length() <= MOST_CHARACTERS) {
        characters += texts.get(to++).length();
      }
      vectors.addAll(call(model, texts.subList(from, to), model.dimensions(), checkpoint));
      from = to;
    }
    return vectors;
  }

  /**
   * Asks for a text's vector, to know how many dimensions a model has.
   *
   * @param asked dimensions to ask for; 0 = as many as the model has
   */
  public RemoteTextModel probe(String name, int asked, Runnable checkpoint) {
    RemoteTextModel trial = new RemoteTextModel(name, asked, Math.max(1, asked));
    int dimensions = call(trial, List.of("kelda"), asked, checkpoint).getFirst().length;
    return new RemoteTextModel(name, asked, dimensions);
  }

  /**
   * @param dimensions that every vector must have; 0 = any
   */
  private List<float[]> call(
      RemoteTextModel model, List<String> texts, int dimensions, Runnable checkpoint) {
    ObjectNode body = JSON.createObjectNode().put("model", model.name());
    texts.forEach(body.putArray("input")::add);
    body.put("encoding_format", "float");
    if (model.asked() > 0) {
      body.put("dimensions", model.asked());
    }
    HttpRequest.Builder request =
        HttpRequest.newBuilder(url())
            .timeout(timeout)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.toString()));
    key.ifPresent(k -> request.header("Authorization", "Bearer " + k));
    return vectors(answer(request.build(), checkpoint), texts.size(), dimensions);
  }

  /** Tries again after failures that may pass. */
  private JsonNode answer(HttpRequest request, Runnable checkpoint) {
    long pause = FIRST_PAUSE_MILLIS;
    for (int tries = 1; ; tries++) {
      try {
        HttpResponse<InputStream> response = sent(request, checkpoint);
        byte[] bytes = read(response);
        if (response.statusCode() == 200) {
          return parsed(bytes);
        }
        if (!mayPass(response.statusCode()) || tries == TRIES) {
          throw failed("it answers %d: %s".formatted(response.statusCode(), shown(bytes)), null);
        }
      } catch (IOException e) {
        if (tries == TRIES) {
          throw failed(e.toString(), e);
        }
      }
      pause(pause, checkpoint);
      pause *= 2;
    }
  }

  private static boolean mayPass(int status) {
    return switch (status) {
      case 429, 500, 502, 503, 504 -> true;
      default -> false;
    };
  }

  private HttpResponse<InputStream> sent(HttpRequest request, Runnable checkpoint)
      throws IOException {
    CompletableFuture<HttpResponse<InputStream>> answer =
        client().sendAsync(request, BodyHandlers.ofInputStream());
    try {
      while (true) {
        checkpoint.run();
        try {
          return answer.get(CHECK_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException notYet) {
          continue;
        }
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw failed(e.getCause().toString(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KeldaException(ErrorCode.CANCELLED, "the statement was cancelled", e);
    } finally {
      answer.cancel(true);
    }
  }

  private byte[] read(HttpResponse<InputStream> response) throws IOException {
    try (InputStream in = response.body()) {
      byte[] bytes = in.readNBytes(MOST_ANSWER_BYTES + 1);
      if (bytes.length > MOST_ANSWER_BYTES) {
        throw failed("its answer is longer than 64 MiB", null);
      }
      return bytes;
    }
  }

  private static void pause(long millis, Runnable checkpoint) {
    long end = System.nanoTime() + millis * 1_000_000;
    while (System.nanoTime() < end) {
      checkpoint.run();
      try {
        Thread.sleep(CHECK_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new KeldaException(ErrorCode.CANCELLED, "the statement was cancelled", e);
      }
    }
  }

  private JsonNode parsed(byte[] bytes) throws IOException {
    try {
      return JSON.readTree(bytes);
    } catch (JsonProcessingException e) {
      throw failed("its answer is no JSON: " + shown(bytes), e);
    }
  }

  private List<float[]> vectors(JsonNode answer, int texts, int dimensions) {
    float[][] vectors = new float[texts][];
    for (JsonNode entry : answer.path("data")) {
      int index = entry.path("index").asInt(-1);
      JsonNode values = entry.path("embedding");
      boolean fits =
          index >= 0
              && index < texts
              && vectors[index] == null
              && !values.isEmpty()
              && values.size() <= MOST_DIMENSIONS
              && (dimensions == 0 || values.size() == dimensions);
      if (!fits) {
        throw failed(
            "vector %d of %d has %d values%s"
                .formatted(
                    index, texts, values.size(), dimensions == 0 ? "" : ", not " + dimensions),
            null);
      }
      vectors[index] = new float[values.size()];
      for (int i = 0; i < values.size(); i++) {
        if (!values.get(i).isNumber()) {
          throw failed("a vector holds " + shown(values.get(i)), null);
        }
        vectors[index][i] = values.get(i).floatValue();
      }
    }
    if (Arrays.asList(vectors).contains(null)) {
      throw failed("it has not answered with %d vectors".formatted(texts), null);
    }
    return Arrays.asList(vectors);
  }

  private static String shown(JsonNode node) {
    return shown(node.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static String shown(byte[] bytes) {
    String text = new String(bytes, 0, Math.min(bytes.length, SHOWN), StandardCharsets.UTF_8);
    return bytes.length > SHOWN ? text + "…" : text;
  }

  private KeldaException failed(String what, Throwable cause) {
    return new KeldaException(
        ErrorCode.REMOTE_SOURCE_ERROR,
        "embedding server %s: %s".formatted(url().getHost(), what),
        cause);
  }

  private synchronized HttpClient client() {
    if (client == null) {
      client =
          HttpClient.newBuilder()
              .connectTimeout(timeout)
              .followRedirects(HttpClient.Redirect.NEVER) // the key goes nowhere else
              .build();
    }
    return client;
  }

  @Override
  public synchronized void close() {
    if (client != null) {
      client.shutdownNow();
      client.close();
    }
  }
}
