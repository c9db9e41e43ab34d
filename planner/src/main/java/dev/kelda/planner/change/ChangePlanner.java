package dev.kelda.planner.change;

import dev.kelda.parser.Statement;
import dev.kelda.planner.TargetColumns;
import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.planner.pushdown.ScanPredicates;
import dev.kelda.planner.validate.KeldaTypeFactory;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.RowChange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.TableScan;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlSelect;

/** Plans one UPDATE, DELETE or MERGE. For one statement. */
public final class ChangePlanner {
  private final Statement.Change statement;
  private final TableReference target;
  private final RowChange change;
  private final List<Field> columns;
  private Optional<List<Predicate>> whole = Optional.empty();

  public ChangePlanner(Statement.Change statement, TableReference target, RowChange change) {
    this.statement = statement;
    this.target = target;
    this.change = change;
    this.columns = target.table().schema().getFields();
  }

  public SqlSelect query(CatalogSnapshot catalog, KeldaTypeFactory types) {
    String key = target.catalog() + ":rows of " + target;
    catalog.addSynthetic(key, target.catalog(), target.name(), () -> Optional.of(change.rows()));
    String alias = statement.alias().orElse(statement.target().last());
    return new ChangeQuery(statement, alias, TargetColumns.of(target, types), change).select(key);
  }

  public RelNode shape(RelNode query) {
    if (statement.kind() == Statement.Change.Kind.DELETE && query instanceof LogicalProject p) {
      whole = condition(p.getInput());
    }
    return new ChangeShape(
            statement, target.toString(), columns, target.table().defaults(), change.carried())
        .of(query);
  }

  /** Of a DELETE, after {@link #shape}: its whole condition, if predicates can say it. */
  public Optional<List<Predicate>> whole() {
    return whole;
  }

  private static Optional<List<Predicate>> condition(RelNode input) {
    if (input instanceof TableScan) {
      return Optional.of(List.of());
    }
    if (!(input instanceof LogicalFilter filter) || !(filter.getInput() instanceof TableScan)) {
      return Optional.empty();
    }
    ScanPredicates predicates = new ScanPredicates(input.getCluster().getRexBuilder());
    List<Predicate> conjuncts = new ArrayList<>();
    for (RexNode conjunct : RelOptUtil.conjunctions(filter.getCondition())) {
      Optional<Predicate> predicate = predicates.of(conjunct);
      if (predicate.isEmpty()) {
        return Optional.empty();
      }
      conjuncts.add(predicate.get());
    }
    return Optional.of(conjuncts);
  }
}
