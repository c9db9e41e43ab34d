package dev.kelda.connector.jdbc;

import dev.kelda.spi.connector.Operand;
import dev.kelda.spi.connector.Scan;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;

/** One SELECT with its conditions; the columns and the limit are known when it is opened. */
record JdbcScan(
    JdbcConnector connector, String from, List<RemoteColumn> columns, List<SqlFilter> filters)
    implements Scan.Java {
  JdbcScan {
    columns = List.copyOf(columns);
    filters = List.copyOf(filters);
  }

  @Override
  public String description() {
    return "SELECT … FROM " + from + where(filters);
  }

  @Override
  public ArrowReader open(BufferAllocator allocator, OpenRequest request) {
    List<SqlFilter> all = new ArrayList<>(filters);
    request.conjuncts().stream()
        .flatMap(c -> SqlFilter.of(connector.dialect(), columns, c).stream())
        .filter(filter -> !all.contains(filter))
        .forEach(all::add);
    List<RemoteColumn> selected = request.columns().stream().map(columns::get).toList();
    List<Operand> operands = all.stream().flatMap(f -> f.operands().stream()).toList();
    String limit = request.limit().isPresent() ? " LIMIT " + request.limit().getAsLong() : "";
    String rows = from + where(all) + limit;
    String sql =
        selected.isEmpty()
            ? "SELECT count(*) FROM (SELECT 1 AS one FROM " + rows + ") AS counted"
            : "SELECT "
                + selected.stream().map(RemoteColumn::select).collect(Collectors.joining(", "))
                + " FROM "
                + rows;
    return new JdbcReader(allocator, connector, sql, operands, selected);
  }

  private static String where(List<SqlFilter> filters) {
    return filters.isEmpty()
        ? ""
        : filters.stream()
            .map(filter -> "(" + filter.sql() + ")")
            .collect(Collectors.joining(" AND ", " WHERE ", ""));
  }
}
