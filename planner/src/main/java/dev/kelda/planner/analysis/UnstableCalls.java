package dev.kelda.planner.analysis;

import dev.kelda.parser.Positions;
import dev.kelda.planner.catalog.CatalogTable;
import dev.kelda.planner.function.ModuleFunction;
import dev.kelda.planner.validate.UserLiteral;
import dev.kelda.spi.error.TextPosition;
import dev.kelda.spi.extension.QueryAnalysis.UnstableCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.TableScan;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.util.SqlBasicVisitor;

/**
 * Calls that give another value each time. Functions of modules say so themselves: what most of
 * them rest on has versions.
 */
final class UnstableCalls {
  private UnstableCalls() {}

  /**
   * Those in the text with their places; if there are none, those in views.
   *
   * @param views the queries, validated, of the views that the text reads
   */
  static List<UnstableCall> of(SqlNode validated, List<SqlNode> views, RelNode converted) {
    List<UnstableCall> found = inText(validated);
    if (!found.isEmpty()) {
      return found;
    }
    for (SqlNode view : views) {
      inText(view).forEach(call -> found.add(new UnstableCall(call.function(), Optional.empty())));
    }
    found.addAll(scansOfNow(converted, Positions.start(validated.getParserPosition())));
    return found;
  }

  private static List<UnstableCall> inText(SqlNode validated) {
    List<UnstableCall> found = new ArrayList<>();
    validated.accept(
        new SqlBasicVisitor<Void>() {
          @Override
          public Void visit(SqlCall call) {
            if (isUnstable(call.getOperator())) {
              found.add(
                  new UnstableCall(
                      call.getOperator().getName(), Positions.start(call.getParserPosition())));
            }
            return super.visit(call);
          }

          @Override
          public Void visit(SqlLiteral literal) {
            if (literal instanceof UserLiteral user) {
              found.add(
                  new UnstableCall(user.call(), Positions.start(literal.getParserPosition())));
            }
            return null;
          }

          @Override
          public Void visit(SqlIdentifier id) {
            return null;
          }
        });
    return found;
  }

  private static List<UnstableCall> scansOfNow(RelNode converted, Optional<TextPosition> query) {
    List<UnstableCall> found = new ArrayList<>();
    converted.accept(
        new RelHomogeneousShuttle() {
          @Override
          public RelNode visit(RelNode node) {
            RelHomogeneousShuttle below = this;
            if (node instanceof TableScan scan) {
              // The work table of a recursion is in no catalog.
              Optional.ofNullable(scan.getTable().unwrap(CatalogTable.class))
                  .flatMap(table -> table.reference().table().asOfNow())
                  .ifPresent(call -> found.add(new UnstableCall(call, query)));
            }
            node.accept(
                new RexShuttle() {
                  @Override
                  public RexNode visitSubQuery(RexSubQuery query) {
                    query.rel.accept(below);
                    return super.visitSubQuery(query);
                  }
                });
            return super.visit(node);
          }
        });
    return found;
  }

  private static boolean isUnstable(SqlOperator operator) {
    return operator instanceof ModuleFunction function
        ? !function.isStable()
        : operator.getKind() == SqlKind.TABLESAMPLE
            || !operator.isDeterministic()
            || operator.isDynamicFunction();
  }
}
