package dev.kelda.spi.extension;

import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;

import dev.kelda.spi.connector.Connector;
import dev.kelda.spi.connector.LocationPolicy;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.error.TextPosition;
import dev.kelda.spi.metastore.Metastore;
import dev.kelda.spi.run.Runs;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;

/** What the engine lends to a module. Thread-safe. */
public interface EngineServices {
  /** The server's home folder, absolute. */
  Path home();

  /** How many threads the engine computes on; a module's own work keeps to as many. */
  int threads();

  /** Which paths may be read and written. */
  LocationPolicy locations();

  /** The value of a secret of the configuration. */
  Optional<String> secret(String name);

  /** The module's section of the configuration, its values as texts; may hold secrets. */
  Map<String, String> options(String section);

  /** The engine's root; modules make children of it. */
  BufferAllocator allocator();

  Metastore metastore();

  /** Where long work is recorded. */
  Runs runs();

  /** A user outside of any session, with default settings. */
  Caller caller(String user);

  /**
   * Runs a query as a statement of its own: admission, timeout and {@code system.queries} apply.
   * From inside a statement use {@link StatementContext#query}, which waits for no second place.
   *
   * @param parameters one value per {@code ?}
   * @return rows; the caller closes the reader, which ends the query
   * @throws dev.kelda.spi.error.KeldaException INVALID_STATEMENT for an update, and whatever the
   *     query throws
   */
  ArrowReader query(Caller caller, SqlQuery query, List<Scalar> parameters);

  /**
   * Runs a statement to its end.
   *
   * @return rows written or read
   */
  long execute(Caller caller, SqlQuery statement, List<Scalar> parameters);

  /** Parses and plans, and runs nothing. */
  QueryDescription describe(Caller caller, SqlQuery statement);

  /**
   * The current state of a table.
   *
   * @param name one to three parts, looked up as in SQL
   * @return empty when there is none
   */
  Optional<NamedTable> table(Caller caller, List<String> name);

  /**
   * What a query's text says of it.
   *
   * @throws dev.kelda.spi.error.KeldaException with a position when the query is at fault;
   *     INVALID_STATEMENT when the text is not a query
   */
  QueryAnalysis analyze(Caller caller, SqlQuery query);

  /** As {@link #analyze}, but nothing is looked at as a whole: every view is looked through. */
  QueryAnalysis analyzeThrough(Caller caller, SqlQuery query);

  /**
   * The full name of a table that need not exist; its catalog and schema do.
   *
   * @param name one to three parts, looked up as in SQL
   * @throws dev.kelda.spi.error.KeldaException CATALOG_NOT_FOUND, SCHEMA_NOT_FOUND
   */
  TableName tableName(Caller caller, List<String> name, TextPosition position);

  /** A catalog's connector. */
  Optional<Connector> connector(String catalog);

  /**
   * Adds rows to a table, past the {@link RowSink} that may stand before it.
   *
   * @param create the table when there is none
   * @param rows their columns match the table's by name; read to their end, closed by the caller
   * @param summary kept with the commit, for {@link dev.kelda.spi.connector.SnapshotTable#summary}
   * @return rows written
   */
  long append(
      Caller caller,
      TableName table,
      boolean create,
      ArrowReader rows,
      Map<String, String> summary);

  /** Says that names may mean something else now: plans that were kept are made anew. */
  void namesChanged();

  /**
   * The error with its position counted from the beginning of what the user wrote.
   *
   * @param start where the text that was parsed begins
   */
  static TextPosition shifted(TextPosition position, TextPosition start) {
    return new TextPosition(
        start.line() + position.line() - 1,
        position.line() == 1 ? start.column() + position.column() - 1 : position.column());
  }

  /** A table under its full name, each part as its catalog spells it. */
  record NamedTable(String catalog, String schema, String name, Table table) {
    public TableName fullName() {
      return new TableName(catalog, schema, name);
    }
  }

  /** The full name of a table, each part as its catalog spells it. */
  record TableName(String catalog, String schema, String name) {
    public TableName {
      requireNonNull(catalog, "catalog is null");
      requireNonNull(schema, "schema is null");
      requireNonNull(name, "name is null");
    }

    /** Another table of the same schema. */
    public TableName beside(String other) {
      return new TableName(catalog, schema, other);
    }

    public List<String> parts() {
      return List.of(catalog, schema, name);
    }

    /** As it stands in SQL. */
    public String quoted() {
      return Stream.of(catalog, schema, name)
          .map(part -> '"' + part.replace("\"", "\"\"") + '"')
          .collect(joining("."));
    }

    @Override
    public String toString() {
      return catalog + "." + schema + "." + name;
    }
  }
}
