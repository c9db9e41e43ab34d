package dev.kelda.feature.online;

import java.io.IOException;
import java.net.ServerSocket;
import redis.embedded.RedisServer;

/** A real redis-server for tests, on a free port of the loopback interface. */
public final class RedisProcess implements AutoCloseable {
  private final RedisServer server;
  private final int port;

  private RedisProcess(int port) throws IOException {
    this.port = port;
    this.server =
        RedisServer.newRedisServer().port(port).bind("127.0.0.1").setting("save \"\"").build();
    server.start();
  }

  public static RedisProcess start() {
    try (ServerSocket free = new ServerSocket(0)) {
      int port = free.getLocalPort();
      free.close();
      return new RedisProcess(port);
    } catch (IOException e) {
      throw new IllegalStateException("redis-server does not start", e);
    }
  }

  public String uri() {
    return "redis://127.0.0.1:" + port;
  }

  @Override
  public void close() {
    try {
      server.stop();
    } catch (IOException e) {
      throw new IllegalStateException("redis-server does not stop", e);
    }
  }
}
