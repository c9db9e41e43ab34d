package dev.kelda.connector.jdbc;

import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.connector.TableStatistics;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.Schema;

/** A remote table or view as its database described it when it was loaded. */
final class JdbcTable implements Table {
  private final JdbcConnector connector;
  private final String schemaName;
  private final String name;
  private final List<RemoteColumn> columns;
  private final String version;
  private final Schema schema;
  private volatile Optional<TableStatistics> statistics = Optional.empty();

  JdbcTable(
      JdbcConnector connector,
      String schemaName,
      String name,
      List<RemoteColumn> columns,
      String version) {
    this.connector = connector;
    this.schemaName = schemaName;
    this.name = name;
    this.columns = List.copyOf(columns);
    this.version = version;
    this.schema = new Schema(columns.stream().map(RemoteColumn::field).toList());
  }

  @Override
  public Schema schema() {
    return schema;
  }

  @Override
  public TableKind kind() {
    return TableKind.TABLE;
  }

  @Override
  public TableStatistics statistics() {
    if (statistics.isEmpty()) {
      statistics =
          Optional.of(
              connector.with(
                  connection ->
                      connector.dialect().statistics(connection, schemaName, name, columns)));
    }
    return statistics.get();
  }

  @Override
  public String version() {
    return version;
  }

  @Override
  public List<Predicate> appliedExactly(List<Predicate> conjuncts) {
    return conjuncts.stream()
        .filter(c -> SqlFilter.of(connector.dialect(), columns, c).isPresent())
        .toList();
  }

  @Override
  public Scan scan(List<Predicate> conjuncts) {
    String from = Dialect.quote(schemaName) + "." + Dialect.quote(name);
    return new JdbcScan(connector, from, columns, filters(conjuncts));
  }

  private List<SqlFilter> filters(List<Predicate> conjuncts) {
    return conjuncts.stream()
        .flatMap(c -> SqlFilter.of(connector.dialect(), columns, c).stream())
        .toList();
  }
}
