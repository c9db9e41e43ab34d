package dev.kelda.parser;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.calcite.sql.SqlNode;

/**
 * What happens to one kind of row: {@code WHEN match [AND condition] THEN action}. Of several
 * clauses that a row fits, the first one counts.
 */
public record ChangeClause(Match match, Optional<SqlNode> condition, Action action) {
  /** Which rows a clause is for. */
  public enum Match {
    /** Pairs of a row of the target and a row of the source; every row when there is no source. */
    MATCHED,
    /** Rows of the source without a partner. */
    NOT_MATCHED,
    /** Rows of the target without a partner. */
    NOT_MATCHED_BY_SOURCE
  }

  public sealed interface Action {}

  public record Update(List<Assignment> assignments) implements Action {
    public Update {
      assignments = List.copyOf(assignments);
    }
  }

  public record Delete() implements Action {}

  /**
   * @param columns empty: all columns, in the table's order
   */
  public record Insert(List<Name> columns, List<SqlNode> values) implements Action {
    public Insert {
      columns = List.copyOf(columns);
      values = List.copyOf(values);
    }
  }

  /**
   * @param column a name of one part, or of two: the target's alias and the column
   */
  public record Assignment(Name column, SqlNode value) {
    public Assignment {
      requireNonNull(column, "column is null");
      requireNonNull(value, "value is null");
    }
  }

  public ChangeClause {
    requireNonNull(match, "match is null");
    requireNonNull(condition, "condition is null");
    requireNonNull(action, "action is null");
  }

  /** The same clause with other trees. */
  ChangeClause map(UnaryOperator<SqlNode> change) {
    Action mapped =
        switch (action) {
          case Delete delete -> delete;
          case Insert insert ->
              new Insert(insert.columns, insert.values.stream().map(change).toList());
          case Update update ->
              new Update(
                  update.assignments.stream()
                      .map(a -> new Assignment(a.column, change.apply(a.value)))
                      .toList());
        };
    return new ChangeClause(match, condition.map(change), mapped);
  }
}
