package dev.kelda.planner.validate;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.util.SqlBasicVisitor;
import org.apache.calcite.sql.validate.DelegatingScope;
import org.apache.calcite.sql.validate.SelectScope;
import org.apache.calcite.sql.validate.SqlValidatorScope;

/**
 * {@code (SELECT MAX(o.x) FROM t)}: by the standard an aggregate over the rows of the outer query,
 * where Calcite takes the rows of the sub-query.
 */
final class OuterAggregates {
  private OuterAggregates() {}

  /**
   * @param scope of the aggregate's arguments
   * @throws KeldaException NOT_SUPPORTED when all columns are of outer rows
   */
  static void refuse(SqlCall aggregate, SqlValidatorScope scope) {
    SqlValidatorScope select = scope;
    while (!(select instanceof SelectScope) && select instanceof DelegatingScope delegating) {
      select = delegating.getParent();
    }
    if (!(select instanceof SelectScope own)) {
      return;
    }
    List<SqlIdentifier> columns = columns(aggregate);
    boolean outer =
        !columns.isEmpty()
            && columns.stream()
                .noneMatch(c -> own.getChildren().contains(own.fullyQualify(c).namespace));
    if (outer) {
      throw ValidationErrors.at(
          ErrorCode.NOT_SUPPORTED,
          "an aggregate of columns of the outer query alone is not supported in a sub-query",
          aggregate);
    }
  }

  private static List<SqlIdentifier> columns(SqlCall aggregate) {
    List<SqlIdentifier> columns = new ArrayList<>();
    SqlBasicVisitor<Void> visitor =
        new SqlBasicVisitor<>() {
          @Override
          public Void visit(SqlIdentifier id) {
            if (!id.isStar()) {
              columns.add(id);
            }
            return null;
          }

          @Override
          public Void visit(SqlCall call) {
            return call.isA(SqlKind.QUERY) ? null : super.visit(call);
          }
        };
    for (SqlNode argument : aggregate.getOperandList()) {
      if (argument != null) {
        argument.accept(visitor);
      }
    }
    return columns;
  }
}
