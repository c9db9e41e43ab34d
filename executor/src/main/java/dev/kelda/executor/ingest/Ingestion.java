package dev.kelda.executor.ingest;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.IngestRequest;
import dev.kelda.executor.IngestRequest.IfExists;
import dev.kelda.executor.IngestRequest.IfMissing;
import dev.kelda.executor.extension.Sinks;
import dev.kelda.executor.run.Execution;
import dev.kelda.executor.run.Failures;
import dev.kelda.executor.run.NativeRunner;
import dev.kelda.executor.run.Outcome;
import dev.kelda.executor.run.PlannedQuery;
import dev.kelda.executor.statement.ConnectorRegistry;
import dev.kelda.executor.statement.Request;
import dev.kelda.executor.wire.Canonical;
import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.planner.catalog.Catalogs;
import dev.kelda.planner.catalog.Names;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.spi.connector.TableDefinition;
import dev.kelda.spi.connector.TableWrite;
import dev.kelda.spi.connector.WritableConnector;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.EngineServices.TableName;
import dev.kelda.spi.extension.RowSink;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/** Creates, fills or replaces a table with a client's rows. */
public final class Ingestion {
  private final ConnectorRegistry connectors;
  private final NativeRunner runner;
  private final Sinks sinks;

  public Ingestion(ConnectorRegistry connectors, NativeRunner runner, Sinks sinks) {
    this.connectors = requireNonNull(connectors, "connectors is null");
    this.runner = requireNonNull(runner, "runner is null");
    this.sinks = requireNonNull(sinks, "sinks is null");
  }

  public Outcome run(Execution execution, IngestRequest ingest, ArrowReader rows) {
    Request request = Request.of(execution.session(), connectors.catalogs());
    Catalogs.Entry catalog =
        request
            .catalog()
            .catalog(ingest.catalog().orElse(execution.session().catalog()), Optional.empty());
    WritableConnector connector = writable(catalog);
    String schema = ingest.schema().orElse(execution.session().schema());
    Optional<TableReference> known =
        request.catalog().find(List.of(catalog.name(), schema, ingest.table()));
    IncomingTable incoming = new IncomingTable(columns(rows), rows);
    Optional<RowSink> sink =
        ingest.ifExists() == IfExists.APPEND ? known.flatMap(sinks::of) : Optional.empty();
    if (sink.isPresent()) {
      PlannedQuery query = IngestPlan.of(incoming, known.get().table().schema());
      return new Outcome.Updated(
          sinks.fill(sink.get(), execution, runner.rows(execution, query, List.of())));
    }
    TableWrite write =
        known.isPresent()
            ? existing(ingest, known.get(), connector, incoming)
            : missing(ingest, schema, catalog, connector, request.catalog(), incoming);
    PlannedQuery query = plan(write, incoming);
    long written = runner.write(execution, query, List.of(), write);
    connectors.changed();
    return new Outcome.Updated(written);
  }

  /**
   * Adds rows to a table, past the sink that may stand before it.
   *
   * @param create the table when there is none
   * @param summary kept with the commit
   */
  public Outcome append(
      Execution execution,
      TableName name,
      boolean create,
      ArrowReader rows,
      Map<String, String> summary) {
    Request request = Request.of(execution.session(), connectors.catalogs());
    WritableConnector connector =
        writable(request.catalog().catalog(name.catalog(), Optional.empty()));
    IncomingTable incoming = new IncomingTable(columns(rows), rows);
    if (create && request.catalog().find(name.parts()).isEmpty()) {
      connector.createTable(name.schema(), name.name(), TableDefinition.of(incoming.schema()));
    }
    TableWrite write = connector.insert(name.schema(), name.name(), summary);
    PlannedQuery query = plan(write, incoming);
    long written = runner.write(execution, query, List.of(), write);
    connectors.changed();
    return new Outcome.Updated(written);
  }

  private static WritableConnector writable(Catalogs.Entry catalog) {
    if (catalog.connector() instanceof WritableConnector connector) {
      return connector;
    }
    throw new KeldaException(
        ErrorCode.NOT_SUPPORTED, "catalog \"" + catalog.name() + "\" is read-only");
  }

  private PlannedQuery plan(TableWrite write, IncomingTable incoming) {
    try {
      return IngestPlan.of(incoming, write.target().columns());
    } catch (KeldaException e) {
      write.abort(List.of());
      throw e;
    }
  }

  private static TableWrite existing(
      IngestRequest ingest,
      TableReference table,
      WritableConnector connector,
      IncomingTable incoming) {
    table.requireOwn(Optional.empty());
    return switch (ingest.ifExists()) {
      case FAIL ->
          throw new KeldaException(
              ErrorCode.TABLE_EXISTS, "table \"" + table + "\" exists already");
      case APPEND -> connector.insert(table.schema(), table.name());
      case REPLACE ->
          connector.createTableAs(table.schema(), table.name(), definition(ingest, incoming), true);
    };
  }

  private TableWrite missing(
      IngestRequest ingest,
      String schema,
      Catalogs.Entry catalog,
      WritableConnector connector,
      CatalogSnapshot snapshot,
      IncomingTable incoming) {
    if (ingest.ifMissing() == IfMissing.FAIL) {
      return fail(ingest, schema, catalog, snapshot);
    }
    Optional<String> known = Names.match(schema, snapshot.schemaNames(catalog));
    if (known.isEmpty()) {
      connector.createSchema(schema);
    }
    return connector.createTableAs(
        known.orElse(schema),
        ingest.table(),
        definition(ingest, incoming),
        ingest.ifExists() == IfExists.REPLACE);
  }

  private static TableDefinition definition(IngestRequest ingest, IncomingTable incoming) {
    return TableDefinition.of(incoming.schema()).withProperties(ingest.properties());
  }

  private static TableWrite fail(
      IngestRequest ingest, String schema, Catalogs.Entry catalog, CatalogSnapshot snapshot) {
    snapshot.table(List.of(catalog.name(), schema, ingest.table()), Optional.empty());
    throw new IllegalStateException("a table that was missing is there: " + ingest.table());
  }

  // Later rows may be NULL even where the first stream says it has none.
  private static Schema columns(ArrowReader rows) {
    try {
      return new Schema(
          IncomingReader.decoded(rows).getFields().stream()
              .map(Canonical::field)
              .map(f -> new Field(f.getName(), FieldType.nullable(f.getType()), f.getChildren()))
              .toList());
    } catch (IOException e) {
      throw Failures.of(e);
    }
  }
}
