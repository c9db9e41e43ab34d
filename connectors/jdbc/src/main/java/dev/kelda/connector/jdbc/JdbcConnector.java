package dev.kelda.connector.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.kelda.spi.connector.Connector;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableListing;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/** One remote database. Connects when first used; an absent server fails only what asks it. */
final class JdbcConnector implements Connector {
  private final String catalog;
  private final ConnectionSettings settings;
  private final Dialect dialect;
  private final HikariDataSource pool;
  private final RemoteErrors errors;

  JdbcConnector(String catalog, ConnectionSettings settings, int poolSize) {
    this.catalog = catalog;
    this.settings = settings;
    this.dialect = settings.dialect();
    this.errors =
        new RemoteErrors(
            catalog, Optional.ofNullable(settings.properties().getProperty("password")));
    HikariConfig config = new HikariConfig();
    config.setPoolName("kelda-" + catalog);
    config.setJdbcUrl(settings.url());
    config.setDataSourceProperties(settings.properties());
    config.setMaximumPoolSize(poolSize);
    config.setMinimumIdle(0);
    config.setIdleTimeout(60_000);
    config.setConnectionTimeout(10_000);
    config.setInitializationFailTimeout(-1);
    config.setAutoCommit(!dialect.streamsInTransaction());
    config.setReadOnly(true);
    this.pool = new HikariDataSource(config);
  }

  @Override
  public List<String> schemas() {
    return with(dialect::schemas);
  }

  @Override
  public List<TableListing> tables(String schema) {
    return with(connection -> dialect.tables(connection, schema));
  }

  @Override
  public Optional<Table> table(String schema, String name) {
    List<RemoteColumn> columns = with(connection -> dialect.columns(connection, schema, name));
    if (columns.isEmpty()) {
      return Optional.empty();
    }
    // Each scan asks for the rows anew, so that only the columns make a plan outdated.
    String version = catalog + "." + schema + "." + name + columns;
    return Optional.of(new JdbcTable(this, schema, name, columns, version));
  }

  Dialect dialect() {
    return dialect;
  }

  RemoteErrors errors() {
    return errors;
  }

  /** A connection of the pool; the caller closes it. */
  Connection connect() {
    try {
      if (pool.getHikariPoolMXBean() == null
          || pool.getHikariPoolMXBean().getTotalConnections() == 0) {
        // The pool would repeat for its whole timeout what fails at once.
        DriverManager.getConnection(settings.url(), settings.properties()).close();
      }
      return pool.getConnection();
    } catch (SQLException e) {
      throw errors.translate(e);
    }
  }

  /** Asks the database something short. */
  <T> T with(RemoteCall<T> call) {
    try (Connection connection = connect()) {
      T result = call.run(connection);
      if (!connection.getAutoCommit()) {
        connection.rollback();
      }
      return result;
    } catch (SQLException e) {
      throw errors.translate(e);
    }
  }

  /** Something that a connection is needed for. */
  @FunctionalInterface
  interface RemoteCall<T> {
    T run(Connection connection) throws SQLException;
  }

  @Override
  public void close() {
    pool.close();
  }
}
