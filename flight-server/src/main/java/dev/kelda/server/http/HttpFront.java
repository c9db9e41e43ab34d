package dev.kelda.server.http;

import static java.util.Objects.requireNonNull;

import dev.kelda.server.config.ServerConfig;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.timeout.ReadTimeoutHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;

/** HTTP on one port. */
public final class HttpFront implements AutoCloseable {
  private static final int MOST_CONNECTIONS = 256;
  private static final int READ_TIMEOUT_SECONDS = 30;
  private static final int MOST_HEADER_BYTES = 8 << 10;
  private static final int MOST_LINE_BYTES = 2 << 10;

  private final EventLoopGroup group;
  private final Channel channel;
  private final ServerConfig config;

  private HttpFront(EventLoopGroup group, Channel channel, ServerConfig config) {
    this.group = group;
    this.channel = channel;
    this.config = config;
  }

  /**
   * Starts to listen.
   *
   * @throws KeldaException INVALID_CONFIGURATION when the port is taken or a TLS file is not usable
   */
  public static HttpFront start(ServerConfig config, Pages pages) {
    requireNonNull(pages, "pages is null");
    Optional<SslContext> tls = config.tls().map(HttpFront::tls);
    EventLoopGroup group = new NioEventLoopGroup(1, new DefaultThreadFactory("kelda-http", true));
    ConnectionLimit limit = new ConnectionLimit(MOST_CONNECTIONS);
    RouteTable routes = new RouteTable(pages.routes());
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(group)
            .channel(NioServerSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, 128)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel connection) {
                    ChannelPipeline pipeline = connection.pipeline();
                    pipeline.addLast(limit);
                    tls.ifPresent(t -> pipeline.addLast(t.newHandler(connection.alloc())));
                    pipeline
                        .addLast(new ReadTimeoutHandler(READ_TIMEOUT_SECONDS))
                        .addLast(
                            new HttpServerCodec(
                                new HttpDecoderConfig()
                                    .setMaxInitialLineLength(MOST_LINE_BYTES)
                                    .setMaxHeaderSize(MOST_HEADER_BYTES)))
                        .addLast(new RouteGate(pages, routes))
                        .addLast(new HttpObjectAggregator(Math.max(1, routes.mostBodyBytes())))
                        .addLast(new PageHandler(pages, routes));
                  }
                });
    try {
      Channel channel =
          bootstrap
              .bind(new InetSocketAddress(config.host(), config.httpPort()))
              .syncUninterruptibly()
              .channel();
      return new HttpFront(group, channel, config);
    } catch (Exception e) { // Netty throws the checked BindException without declaring it
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
      throw new KeldaException(
          ErrorCode.INVALID_CONFIGURATION,
          "cannot listen on %s:%d: %s".formatted(config.host(), config.httpPort(), e.getMessage()),
          e);
    }
  }

  /** {@code http://host:port}. */
  public String uri() {
    String host = config.host().contains(":") ? "[" + config.host() + "]" : config.host();
    return (config.tls().isPresent() ? "https://" : "http://") + host + ":" + port();
  }

  public int port() {
    return ((InetSocketAddress) channel.localAddress()).getPort();
  }

  @Override
  public void close() {
    channel.close().syncUninterruptibly();
    group.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private static SslContext tls(ServerConfig.Tls files) {
    try {
      return SslContextBuilder.forServer(files.certificate().toFile(), files.key().toFile())
          .protocols("TLSv1.2", "TLSv1.3")
          .build();
    } catch (SSLException | IllegalArgumentException e) {
      throw new KeldaException(
          ErrorCode.INVALID_CONFIGURATION,
          "cannot use " + files.certificate() + " and its key: " + e.getMessage(),
          e);
    }
  }
}
