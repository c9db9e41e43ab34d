package dev.kelda.parser;

import java.util.Optional;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.parser.SqlParserPos;

/** SELECTs that are made, not read: most of Calcite's clauses stay empty. */
public final class Selects {
  private Selects() {}

  /** {@code SELECT * FROM table}. */
  public static SqlSelect allOf(SqlIdentifier table) {
    return of(
        table.getParserPosition(),
        SqlNodeList.SINGLETON_STAR,
        Optional.of(table),
        Optional.empty());
  }

  /** {@code SELECT items [FROM from] [WHERE where]}. */
  public static SqlSelect of(
      SqlParserPos position, SqlNodeList items, Optional<SqlNode> from, Optional<SqlNode> where) {
    return new SqlSelect(
        position,
        null,
        items,
        from.orElse(null),
        where.orElse(null),
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null);
  }
}
