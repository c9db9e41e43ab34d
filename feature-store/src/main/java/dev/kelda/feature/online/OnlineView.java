package dev.kelda.feature.online;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.extension.EngineServices.TableName;

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

  /** As it stands in SQL. */
  public String quoted() {
    return table.quoted();
  }

  public static String quoted(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }
}
