package dev.kelda.executor.metastore;

import static java.util.Objects.requireNonNull;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.metastore.Metastore;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import javax.sql.DataSource;

/** {@link Metastore} over a pool of JDBC connections, opened at the first use. */
public final class JdbcMetastore implements Metastore, AutoCloseable {
  private static final int MOST_CONNECTIONS = 8;
  private static final int BUSY_MILLIS = 30_000;
  private static final int MOST_ATTEMPTS = 5;
  private static final String SERIALIZATION_FAILURE = "40001";
  private static final String DEADLOCK = "40P01";

  private final MetastoreConfig config;
  private final Path home;
  private final Map<String, Migrations> pending = new LinkedHashMap<>(); // guarded by this
  private Optional<HikariDataSource> pool = Optional.empty(); // guarded by this
  private boolean closed; // guarded by this

  private record Migrations(String folder, ClassLoader resources) {}

  public JdbcMetastore(MetastoreConfig config, Path home) {
    this.config = requireNonNull(config, "config is null");
    this.home = requireNonNull(home, "home is null");
  }

  @Override
  public synchronized void migrate(String module, String folder, ClassLoader resources) {
    pending.put(module, new Migrations(folder, resources));
  }

  @Override
  public <T> T transaction(Work<T> work) {
    for (int attempt = 1; ; attempt++) {
      try {
        return once(work, false);
      } catch (SQLException e) {
        if (attempt == MOST_ATTEMPTS || !isConflict(e)) {
          throw failed(e);
        }
      }
    }
  }

  @Override
  public <T> T read(Work<T> work) {
    try {
      return once(work, true);
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  private <T> T once(Work<T> work, boolean readOnly) throws SQLException {
    try (Connection connection = dataSource().getConnection()) {
      // SQLite's driver begins a writing transaction with BEGIN IMMEDIATE; a reader needs none.
      connection.setAutoCommit(readOnly && config.isEmbedded());
      try {
        T result = work.run(connection);
        if (!connection.getAutoCommit()) {
          connection.commit();
        }
        return result;
      } catch (Throwable e) {
        rollback(connection, e);
        throw e;
      }
    }
  }

  // SQLite has rolled back by itself when the disk is full: what went wrong first is what counts.
  private static void rollback(Connection connection, Throwable first) {
    try {
      if (!connection.getAutoCommit()) {
        connection.rollback();
      }
    } catch (SQLException e) {
      first.addSuppressed(e);
    }
  }

  private synchronized DataSource dataSource() {
    if (closed) {
      throw new KeldaException(ErrorCode.SHUTTING_DOWN, "the metastore is closed");
    }
    if (pool.isEmpty()) {
      pool = Optional.of(open());
    }
    pending.forEach(
        (module, scripts) ->
            Migration.run(pool.get(), home, module, scripts.folder(), scripts.resources()));
    pending.clear();
    return pool.get();
  }

  private HikariDataSource open() {
    HikariConfig settings = new HikariConfig();
    settings.setPoolName("kelda-metastore");
    settings.setJdbcUrl(config.address(home));
    config.user().ifPresent(settings::setUsername);
    config.password().ifPresent(settings::setPassword);
    settings.setMaximumPoolSize(MOST_CONNECTIONS);
    settings.setMinimumIdle(0);
    if (config.isEmbedded()) {
      // As the catalog, which may be in the same file.
      settings.addDataSourceProperty("journal_mode", "WAL");
      settings.addDataSourceProperty("busy_timeout", BUSY_MILLIS);
      settings.addDataSourceProperty("foreign_keys", true);
      settings.addDataSourceProperty("transaction_mode", "IMMEDIATE");
    } else {
      settings.setTransactionIsolation("TRANSACTION_SERIALIZABLE");
    }
    try {
      return new HikariDataSource(settings);
    } catch (RuntimeException e) {
      throw new KeldaException(
          ErrorCode.CATALOG_ERROR, "cannot open the metastore: " + e.getMessage(), e);
    }
  }

  private static boolean isConflict(SQLException e) {
    return SERIALIZATION_FAILURE.equals(e.getSQLState()) || DEADLOCK.equals(e.getSQLState());
  }

  private static KeldaException failed(SQLException e) {
    return new KeldaException(ErrorCode.CATALOG_ERROR, "metastore: " + e.getMessage(), e);
  }

  @Override
  public synchronized void close() {
    closed = true;
    pool.ifPresent(HikariDataSource::close);
    pool = Optional.empty();
  }
}
