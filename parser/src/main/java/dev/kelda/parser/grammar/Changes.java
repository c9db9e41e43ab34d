package dev.kelda.parser.grammar;

import dev.kelda.parser.ChangeClause;
import dev.kelda.parser.ChangeClause.Match;
import dev.kelda.parser.Selects;
import dev.kelda.parser.Statement;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.List;
import java.util.Optional;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.parser.SqlParserPos;

/** UPDATE, DELETE and MERGE as {@link Statement.Change}, with the checks that need no catalog. */
final class Changes {
  private Changes() {}

  static Statement update(
      SqlIdentifier target,
      Optional<String> alias,
      List<ChangeClause.Assignment> assignments,
      SqlNode where,
      int parameters) {
    return change(
        Statement.Change.Kind.UPDATE,
        target,
        alias,
        where,
        new ChangeClause.Update(assignments),
        parameters);
  }

  static Statement delete(
      SqlIdentifier target, Optional<String> alias, SqlNode where, int parameters) {
    return change(
        Statement.Change.Kind.DELETE, target, alias, where, new ChangeClause.Delete(), parameters);
  }

  private static Statement change(
      Statement.Change.Kind kind,
      SqlIdentifier target,
      Optional<String> alias,
      SqlNode where,
      ChangeClause.Action action,
      int parameters) {
    return new Statement.Change(
        kind,
        Nodes.name(target),
        alias,
        Optional.empty(),
        Optional.ofNullable(where),
        List.of(new ChangeClause(Match.MATCHED, Optional.empty(), action)),
        parameters);
  }

  static Statement merge(
      SqlIdentifier target,
      Optional<String> alias,
      SqlNode source,
      SqlNode condition,
      List<ChangeClause> clauses,
      int parameters) {
    return new Statement.Change(
        Statement.Change.Kind.MERGE,
        Nodes.name(target),
        alias,
        Optional.of(source),
        Optional.of(condition),
        clauses,
        parameters);
  }

  static ChangeClause clause(
      SqlParserPos at,
      boolean matched,
      SqlIdentifier by,
      SqlNode condition,
      ChangeClause.Action action) {
    String side = by == null ? "TARGET" : by.getSimple().toUpperCase(java.util.Locale.ROOT);
    boolean known = side.equals("SOURCE") || side.equals("TARGET");
    if (!known || matched && by != null) {
      throw error(
          "WHEN takes MATCHED, NOT MATCHED [BY TARGET] or NOT MATCHED BY SOURCE",
          by.getParserPosition());
    }
    Match match =
        matched
            ? Match.MATCHED
            : side.equals("SOURCE") ? Match.NOT_MATCHED_BY_SOURCE : Match.NOT_MATCHED;
    boolean inserts = action instanceof ChangeClause.Insert;
    if (inserts != (match == Match.NOT_MATCHED)) {
      throw error(
          inserts
              ? "only WHEN NOT MATCHED [BY TARGET] can INSERT"
              : "WHEN NOT MATCHED [BY TARGET] has no row of the target to change; it can only INSERT",
          at);
    }
    return new ChangeClause(match, Optional.ofNullable(condition), action);
  }

  /** The columns of a table, all of them if none is named. */
  static SqlNode selection(SqlIdentifier table, SqlNodeList columns) {
    SqlSelect select = Selects.allOf(table);
    if (!columns.isEmpty()) {
      select.setSelectList(columns);
    }
    return select;
  }

  private static KeldaException error(String message, SqlParserPos at) {
    return new KeldaException(ErrorCode.SYNTAX_ERROR, message, Nodes.position(at));
  }
}
