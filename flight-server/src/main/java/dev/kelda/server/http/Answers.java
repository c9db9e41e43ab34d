package dev.kelda.server.http;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.http.HttpAnswer;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Responses in Netty's form. */
final class Answers {
  static final String TEXT = "text/plain; charset=utf-8";

  private Answers() {}

  static FullHttpResponse text(HttpResponseStatus status, String type, String body) {
    return response(status, type, body.getBytes(StandardCharsets.UTF_8));
  }

  static FullHttpResponse of(HttpAnswer answer) {
    FullHttpResponse response =
        response(HttpResponseStatus.valueOf(answer.status()), answer.contentType(), answer.body());
    answer.headers().forEach(response.headers()::set);
    return response;
  }

  /** {@code {"error": "…"}}. */
  static FullHttpResponse error(int status, String message) {
    return of(HttpAnswer.json(status, "{\"error\":" + quote(message) + "}"));
  }

  /** 405. */
  static FullHttpResponse onlyMethods(List<String> methods) {
    String allowed = String.join(", ", methods);
    FullHttpResponse response =
        text(HttpResponseStatus.METHOD_NOT_ALLOWED, TEXT, "only " + allowed + "\n");
    response.headers().set(HttpHeaderNames.ALLOW, allowed);
    return response;
  }

  static FullHttpResponse error(KeldaException e) {
    FullHttpResponse response = error(status(e.code()), e.describe());
    if (e.code() == ErrorCode.AUTHENTICATION_FAILED) {
      response.headers().set(HttpHeaderNames.WWW_AUTHENTICATE, "Basic realm=\"kelda\"");
    }
    return response;
  }

  /** With the headers of a connection's last response. */
  static FullHttpResponse closing(FullHttpResponse response) {
    response
        .headers()
        .set(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes())
        .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    return response;
  }

  private static int status(ErrorCode code) {
    if (code.name().endsWith("_NOT_FOUND")) {
      return 404;
    }
    return switch (code) {
      case AUTHENTICATION_FAILED -> 401;
      case ACCESS_DENIED -> 403;
      case COMMIT_CONFLICT -> 409;
      case NOT_SUPPORTED -> 501;
      case TOO_MANY_REQUESTS -> 429;
      case TIMEOUT -> 504;
      default ->
          switch (code.type()) {
            case USER -> 400;
            case RESOURCES -> 503;
            case EXTERNAL -> 502;
            case INTERNAL -> 500;
          };
    };
  }

  private static FullHttpResponse response(HttpResponseStatus status, String type, byte[] body) {
    FullHttpResponse response =
        new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, Unpooled.wrappedBuffer(body));
    response.headers().set(HttpHeaderNames.CONTENT_TYPE, type);
    return response;
  }

  private static String quote(String text) {
    StringBuilder json = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c == '"' || c == '\\') {
        json.append('\\').append(c);
      } else if (c < ' ') {
        json.append("\\u%04x".formatted((int) c));
      } else {
        json.append(c);
      }
    }
    return json.append('"').toString();
  }
}
