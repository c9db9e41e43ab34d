package dev.kelda.connector.jdbc;

import static java.util.Objects.requireNonNull;

import java.util.Map;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/**
 * A column of a remote table.
 *
 * @param select the expression whose values are read, in the remote dialect
 * @param filter the expression that conditions are about
 * @param comparable which conditions the database decides as Kelda does
 */
record RemoteColumn(
    String name,
    ArrowType type,
    boolean nullable,
    Optional<String> comment,
    String select,
    String filter,
    Comparable comparable) {
  /** What may be asked of a column remotely, NULL tests aside. */
  enum Comparable {
    NOTHING,
    EQUALITY,
    ORDER
  }

  RemoteColumn {
    requireNonNull(name, "name is null");
    requireNonNull(type, "type is null");
    requireNonNull(comment, "comment is null");
    requireNonNull(select, "select is null");
    requireNonNull(filter, "filter is null");
    requireNonNull(comparable, "comparable is null");
  }

  Field field() {
    Map<String, String> metadata = comment.map(text -> Map.of("comment", text)).orElse(Map.of());
    return new Field(name, new FieldType(nullable, type, null, metadata), null);
  }
}
