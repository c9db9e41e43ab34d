package dev.kelda.cli;

import dev.kelda.server.KeldaServer;
import dev.kelda.server.config.Configuration;
import dev.kelda.server.config.ServerConfig;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Serves until SIGTERM or SIGINT: drains, then exits with 0; at the second signal at once. */
@Command(
    name = "server",
    description = "Serve Flight SQL and HTTP.",
    mixinStandardHelpOptions = true)
final class ServerCommand implements Callable<Integer> {
  @Mixin private EngineOptions engine;

  @Option(names = "--host", paramLabel = "H", description = "Address to listen on (127.0.0.1).")
  private String host;

  @Option(names = "--port", description = "Flight SQL port (8815); 0 = a free one.")
  private Integer port;

  @Option(names = "--http-port", description = "HTTP port (8816); 0 = a free one, -1 = none.")
  private Integer httpPort;

  @Override
  public Integer call() throws InterruptedException {
    Logging.start(Level.INFO);
    Configuration configuration = configuration();
    LibraryFolder.below(configuration.engine().home());
    KeldaServer server = KeldaServer.start(configuration);
    CountDownLatch stopped = new CountDownLatch(1);
    AtomicInteger signals = new AtomicInteger();
    for (String name : new String[] {"TERM", "INT"}) {
      sun.misc.Signal.handle(
          new sun.misc.Signal(name),
          signal -> {
            if (signals.incrementAndGet() > 1) {
              Runtime.getRuntime().halt(0);
            }
            Thread.ofPlatform()
                .name("kelda-shutdown")
                .start(
                    () -> {
                      server.shutDown();
                      stopped.countDown();
                    });
          });
    }
    System.out.println(server.readyLine());
    System.out.flush();
    stopped.await();
    return 0;
  }

  private Configuration configuration() {
    Configuration given = engine.configuration();
    ServerConfig s = given.server();
    return new Configuration(
        given.engine(),
        s.withHost(host == null ? s.host() : host)
            .withPort(port == null ? s.port() : port)
            .withHttpPort(httpPort == null ? s.httpPort() : httpPort));
  }
}
