package dev.kelda.feature.online;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.EngineServices.TableName;
import java.util.List;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A version of a view that is served by key.
 *
 * @param table where SQL finds it, and its rows if it keeps any
 * @param keepsRows it has an offline table, which rows may be pushed into
 */
public record OnlineView(TableName table, ViewLayout layout, boolean keepsRows) {
  public OnlineView {
    requireNonNull(table, "table is null");
    requireNonNull(layout, "layout is null");
  }

  /** Unique for the view and its version. */
  public String id() {
    return layout.view();
  }

  /** Where the rows that were pushed are kept; the version's own, whatever the view is called. */
  public TableName pushedTable() {
    return pushedTable(table, id().substring(id().lastIndexOf('.') + 1));
  }

  /**
   * @param view any version's table
   * @param reference {@code v@3}
   */
  public static TableName pushedTable(TableName view, String reference) {
    return view.beside(reference + "@pushed");
  }

  /**
   * What is asked for by key has its columns.
   *
   * @throws KeldaException COLUMN_NOT_FOUND
   */
  public void requireKeys(Schema given) {
    List<String> names = given.getFields().stream().map(Field::getName).toList();
    for (Field key : layout.keyFields()) {
      if (names.stream().noneMatch(key.getName()::equalsIgnoreCase)) {
        throw new KeldaException(
            ErrorCode.COLUMN_NOT_FOUND,
            "the key of \"%s\" needs a column \"%s\"; there are %s"
                .formatted(id(), key.getName(), names));
      }
    }
  }

  /** As it stands in SQL. */
  public String quoted() {
    return table.quoted();
  }

  public static String quoted(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }
}
