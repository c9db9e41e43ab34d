package dev.kelda.parser;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.calcite.sql.JoinType;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.util.SqlShuttle;
import org.junit.jupiter.api.Test;

final class TestSqlAsofJoin {
  @Test
  void carriesEveryPart() {
    SqlAsofJoin join =
        join(
            "a LEFT ASOF JOIN b MATCH_CONDITION (a.t >= b.t) TOLERANCE INTERVAL '3' HOUR ON a.k = b.k");
    assertThat(join.getKind()).isEqualTo(SqlKind.JOIN);
    assertThat(join.getJoinType()).isEqualTo(JoinType.LEFT);
    assertThat(join.keepsUnmatched()).isTrue();
    assertThat(join.matchCondition()).hasToString("`a`.`t` >= `b`.`t`");
    assertThat(join.tolerance())
        .hasValueSatisfying(t -> assertThat(t).hasToString("INTERVAL '3' HOUR"));
    assertThat(join.onCondition())
        .hasValueSatisfying(c -> assertThat(c).hasToString("`a`.`k` = `b`.`k`"));
    assertThat(join.usingColumns()).isEmpty();
  }

  @Test
  void namesItsKeysByUsing() {
    SqlAsofJoin join = join("a ASOF JOIN b MATCH_CONDITION (a.t > b.t) USING (k, j)");
    assertThat(join.getJoinType()).isEqualTo(JoinType.INNER);
    assertThat(join.usingColumns()).map(SqlNode::toString).containsExactly("k", "j");
    assertThat(join.onCondition()).isEmpty();
    assertThat(join.tolerance()).isEmpty();
  }

  @Test
  void takesTheComparisonOutOfOn() {
    SqlAsofJoin join = join("a ASOF JOIN b ON a.k = b.k AND a.t >= b.t AND a.j = b.j");
    assertThat(join.matchCondition()).hasToString("`a`.`t` >= `b`.`t`");
    assertThat(join.onCondition())
        .hasValueSatisfying(
            c -> assertThat(c).hasToString("`a`.`k` = `b`.`k` AND `a`.`j` = `b`.`j`"));
  }

  @Test
  void survivesACopy() {
    SqlNode copy =
        join("a ASOF JOIN b MATCH_CONDITION (a.t > b.t) TOLERANCE ?")
            .accept(
                new SqlShuttle() {
                  @Override
                  public SqlNode visit(org.apache.calcite.sql.SqlIdentifier id) {
                    return id.clone(id.getParserPosition());
                  }
                });
    assertThat(copy).isInstanceOf(SqlAsofJoin.class);
    assertThat(((SqlAsofJoin) copy).tolerance()).isPresent();
  }

  private static SqlAsofJoin join(String from) {
    Statement.Query query = (Statement.Query) SqlText.parse("SELECT * FROM " + from);
    return (SqlAsofJoin) ((SqlSelect) query.query()).getFrom();
  }
}
