package dev.kelda.server.http;

import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.http.HttpCall;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers one connection's requests, one after the other: the server's own pages at once, those of
 * modules on a thread that may block.
 */
final class PageHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
  private static final Logger LOG = LoggerFactory.getLogger(PageHandler.class);
  private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";
  private static final int MOST_WAITING = 16;

  private final Pages pages;
  private final RouteTable routes;
  private final Deque<Runnable> waiting = new ArrayDeque<>(); // only on the event loop
  private boolean busy;

  PageHandler(Pages pages, RouteTable routes) {
    this.pages = pages;
    this.routes = routes;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
    boolean keepAlive = HttpUtil.isKeepAlive(request) && request.decoderResult().isSuccess();
    boolean head = request.method().equals(HttpMethod.HEAD);
    RouteGate.Admitted admitted = context.channel().attr(RouteGate.ADMITTED).get();
    if (admitted == null || !request.decoderResult().isSuccess()) {
      FullHttpResponse page = page(request);
      inTurn(context, () -> send(context, page, head, keepAlive));
      return;
    }
    HttpCall call = call(request, admitted);
    Supplier<FullHttpResponse> answer = () -> answer(admitted, call);
    inTurn(
        context,
        () ->
            Thread.startVirtualThread(
                () -> {
                  FullHttpResponse response = answer.get();
                  context.executor().execute(() -> send(context, response, head, keepAlive));
                }));
  }

  /** Pipelined requests are answered in their order. */
  private void inTurn(ChannelHandlerContext context, Runnable answer) {
    if (!busy) {
      busy = true;
      answer.run();
    } else if (waiting.size() < MOST_WAITING) {
      waiting.add(answer);
    } else {
      context.close();
    }
  }

  private void send(
      ChannelHandlerContext context, FullHttpResponse response, boolean head, boolean keepAlive) {
    response
        .headers()
        .set(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes())
        .set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE)
        .set("x-content-type-options", "nosniff")
        .set(
            HttpHeaderNames.CONNECTION,
            keepAlive ? HttpHeaderValues.KEEP_ALIVE : HttpHeaderValues.CLOSE);
    if (head) {
      response.content().clear();
    }
    var written = context.writeAndFlush(response);
    if (!keepAlive) {
      written.addListener(ChannelFutureListener.CLOSE);
      return;
    }
    busy = false;
    if (!waiting.isEmpty()) {
      busy = true;
      waiting.poll().run();
    }
  }

  private static HttpCall call(FullHttpRequest request, RouteGate.Admitted admitted) {
    String[] uri = request.uri().split("\\?", 2);
    Map<String, String> headers = new HashMap<>();
    request.headers().forEach(h -> headers.put(h.getKey().toLowerCase(Locale.ROOT), h.getValue()));
    return new HttpCall(
        admitted.user(),
        admitted.match().parts(),
        uri.length == 2 ? uri[1] : "",
        headers,
        ByteBufUtil.getBytes(request.content()));
  }

  private static FullHttpResponse answer(RouteGate.Admitted admitted, HttpCall call) {
    try {
      if (call.body().length > admitted.match().route().mostBodyBytes()) {
        return Answers.error(413, "the body is too long");
      }
      return Answers.of(admitted.match().route().handler().handle(call));
    } catch (KeldaException e) {
      return Answers.error(e);
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      LOG.error("route {} failed", admitted.match().route().path(), e);
      return Answers.error(500, "see the server's log");
    }
  }

  private FullHttpResponse page(FullHttpRequest request) {
    if (!request.decoderResult().isSuccess()) {
      return Answers.text(HttpResponseStatus.BAD_REQUEST, Answers.TEXT, "malformed request\n");
    }
    String path = request.uri().split("\\?", 2)[0];
    boolean reads =
        request.method().equals(HttpMethod.GET) || request.method().equals(HttpMethod.HEAD);
    List<String> methods = routes.methods(path);
    if (!reads || !methods.isEmpty()) {
      return Answers.onlyMethods(methods.isEmpty() ? List.of("GET", "HEAD") : methods);
    }
    try {
      return switch (path) {
        case "/healthz" -> Answers.text(HttpResponseStatus.OK, Answers.TEXT, "ok\n");
        case "/readyz" ->
            pages.ready().getAsBoolean()
                ? Answers.text(HttpResponseStatus.OK, Answers.TEXT, "ready\n")
                : Answers.text(HttpResponseStatus.SERVICE_UNAVAILABLE, Answers.TEXT, "not ready\n");
        case "/metrics" -> Answers.text(HttpResponseStatus.OK, PROMETHEUS, pages.metrics().get());
        default ->
            Answers.text(HttpResponseStatus.NOT_FOUND, Answers.TEXT, "/healthz /readyz /metrics\n");
      };
    } catch (RuntimeException e) {
      LOG.error("page {} failed", path, e);
      return Answers.text(
          HttpResponseStatus.INTERNAL_SERVER_ERROR, Answers.TEXT, "see the server's log\n");
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    LOG.debug("HTTP connection closed", cause);
    context.close();
  }
}
