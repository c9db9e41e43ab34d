package dev.kelda.planner.validate;

import dev.kelda.parser.Selects;
import dev.kelda.spi.error.ErrorCode;
import java.util.Optional;
import org.apache.calcite.sql.JoinConditionType;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlJoin;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.SqlStarExclude;

/**
 * {@code SELECT * EXCLUDE (c) FROM a JOIN b USING (k)} is {@code SELECT * EXCLUDE (c) FROM (SELECT
 * * FROM a JOIN b USING (k))}: Calcite cannot leave columns out where others are merged.
 */
final class StarExcludes {
  private StarExcludes() {}

  static void expand(SqlSelect select) {
    Optional<SqlStarExclude> star =
        select.getSelectList().stream()
            .filter(SqlStarExclude.class::isInstance)
            .map(SqlStarExclude.class::cast)
            .filter(item -> item.getStarIdentifier().names.size() == 1)
            .findFirst();
    if (star.isEmpty() || !mergesColumns(select.getFrom())) {
      return;
    }
    if (select.getSelectList().size() > 1) {
      throw ValidationErrors.at(
          ErrorCode.NOT_SUPPORTED,
          "* EXCLUDE over a join by USING or NATURAL JOIN stands alone in its list",
          star.get());
    }
    SqlSelect joined =
        Selects.of(
            select.getParserPosition(),
            SqlNodeList.of(SqlIdentifier.star(star.get().getParserPosition())),
            Optional.of(select.getFrom()),
            Optional.ofNullable(select.getWhere()));
    joined.setQualify(select.getQualify());
    select.setFrom(joined);
    select.setWhere(null);
    select.setQualify(null);
  }

  private static boolean mergesColumns(SqlNode from) {
    return from instanceof SqlJoin join
        && (join.isNatural()
            || join.getConditionType() == JoinConditionType.USING
            || mergesColumns(join.getLeft())
            || mergesColumns(join.getRight()));
  }
}
