package dev.kelda.server.http;

import dev.kelda.spi.error.KeldaException;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.util.AttributeKey;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Decides on a request by its head, before its body is read: which route it is for, whether the
 * user is who he says, whether the body may be that long. A request that does not pass is answered
 * and its connection closed. Checking a password takes time, so that happens on another thread
 * while what follows waits here.
 */
final class RouteGate extends ChannelInboundHandlerAdapter {
  /** What the request in hand is for; no value for the server's own pages. */
  static final AttributeKey<Admitted> ADMITTED = AttributeKey.valueOf("kelda-admitted");

  private static final int MOST_HELD = 256;
  private static final String BASIC = "Basic ";

  private final Pages pages;
  private final RouteTable routes;
  private final Deque<Object> held = new ArrayDeque<>(); // only on the event loop
  private boolean deciding;

  /** A request that may be answered. */
  record Admitted(RouteTable.Match match, String user) {}

  RouteGate(Pages pages, RouteTable routes) {
    this.pages = pages;
    this.routes = routes;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (deciding) {
      held.add(message);
      if (held.size() > MOST_HELD) {
        context.close();
      }
      return;
    }
    if (!(message instanceof HttpRequest head)) {
      context.fireChannelRead(message);
      return;
    }
    context.channel().attr(ADMITTED).set(null);
    String path = head.uri().split("\\?", 2)[0];
    Optional<RouteTable.Match> match =
        head.decoderResult().isSuccess()
            ? routes.find(head.method().name(), path)
            : Optional.empty();
    long most = match.map(m -> (long) m.route().mostBodyBytes()).orElse(0L);
    boolean unknownLength = HttpUtil.isTransferEncodingChunked(head);
    if (HttpUtil.getContentLength(head, 0L) > most || unknownLength && match.isEmpty()) {
      List<String> methods = match.isEmpty() ? routes.methods(path) : List.of();
      FullHttpResponse refusal =
          methods.isEmpty()
              ? Answers.error(413, "the body is longer than " + most + " bytes")
              : Answers.onlyMethods(methods);
      refuse(context, message, refusal);
    } else if (match.isEmpty()) {
      context.fireChannelRead(message);
    } else {
      authenticate(context, head, match.get());
    }
  }

  private void authenticate(
      ChannelHandlerContext context, HttpRequest head, RouteTable.Match match) {
    deciding = true;
    Optional<String> credentials =
        Optional.ofNullable(head.headers().get(HttpHeaderNames.AUTHORIZATION));
    Supplier<Runnable> decision = () -> decide(context, head, match, credentials);
    if (credentials.filter(RouteGate::hasPassword).isPresent()) {
      Thread.startVirtualThread(() -> context.executor().execute(decision.get()));
    } else {
      decision.get().run();
    }
  }

  private static boolean hasPassword(String credentials) {
    return credentials.regionMatches(true, 0, BASIC, 0, BASIC.length());
  }

  /** Finds out who asks; what is returned lets the request pass or refuses it. */
  private Runnable decide(
      ChannelHandlerContext context,
      HttpRequest head,
      RouteTable.Match match,
      Optional<String> credentials) {
    try {
      Admitted admitted = new Admitted(match, pages.users().apply(credentials));
      return () -> pass(context, head, admitted);
    } catch (KeldaException e) {
      return () -> refuse(context, head, Answers.error(e));
    }
  }

  private void pass(ChannelHandlerContext context, HttpRequest head, Admitted admitted) {
    deciding = false;
    context.channel().attr(ADMITTED).set(admitted);
    context.fireChannelRead(head);
    while (!deciding && !held.isEmpty()) {
      channelRead(context, held.poll());
    }
    context.fireChannelReadComplete();
  }

  private void refuse(ChannelHandlerContext context, Object message, FullHttpResponse response) {
    ReferenceCountUtil.release(message);
    deciding = true; // nothing of this connection is looked at any more
    dropHeld();
    context.writeAndFlush(Answers.closing(response)).addListener(ChannelFutureListener.CLOSE);
  }

  private void dropHeld() {
    held.forEach(ReferenceCountUtil::release);
    held.clear();
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    dropHeld();
    context.fireChannelInactive();
  }
}
