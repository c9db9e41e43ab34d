package dev.kelda.spi.connector;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.Schema;

/** A stored query. The planner puts the query in the view's place; nothing ever scans it. */
public interface View extends Table {
  Definition definition();

  @Override
  default Schema schema() {
    return definition().columns();
  }

  @Override
  default TableKind kind() {
    return TableKind.VIEW;
  }

  @Override
  default Scan scan(List<Predicate> conjuncts) {
    throw new IllegalStateException("a view is expanded, not scanned");
  }

  /**
   * What a view is.
   *
   * @param columns names and types of its columns; field metadata {@code comment} is kept
   * @param sql one query
   * @param catalog where names of the query without a catalog are looked up
   * @param schema where names of one part are looked up
   * @param properties the connector's own; names are lower case
   */
  record Definition(
      Schema columns,
      String sql,
      String catalog,
      String schema,
      Optional<String> comment,
      Map<String, String> properties) {
    public Definition {
      requireNonNull(columns, "columns is null");
      requireNonNull(sql, "sql is null");
      requireNonNull(catalog, "catalog is null");
      requireNonNull(schema, "schema is null");
      requireNonNull(comment, "comment is null");
      properties = Map.copyOf(properties);
    }
  }
}
