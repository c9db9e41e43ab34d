package dev.kelda.planner.analysis;

import dev.kelda.planner.catalog.CatalogTable;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.planner.rules.CommonRows;
import dev.kelda.planner.rules.PointInTimeJoin;
import dev.kelda.spi.extension.QueryAnalysis.Origin;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.AggregateCall;
import org.apache.calcite.rel.core.Correlate;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.SetOp;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rel.core.TableScan;
import org.apache.calcite.rex.RexCorrelVariable;
import org.apache.calcite.rex.RexFieldAccess;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexVisitorImpl;

/** Which columns of tables a query's columns come from. For one query, as it was converted. */
final class Lineage {
  private static final Comparator<Origin> ORDER =
      Comparator.comparing(Origin::catalog)
          .thenComparing(Origin::schema)
          .thenComparing(Origin::table)
          .thenComparing(Origin::column);

  /** The columns of the rows that a correlation variable stands for. */
  private final Map<CorrelationId, List<Set<Origin>>> outer = new HashMap<>();

  static List<List<Origin>> of(RelNode query) {
    return new Lineage()
        .columns(query).stream().map(c -> c.stream().sorted(ORDER).toList()).toList();
  }

  private List<Set<Origin>> columns(RelNode node) {
    return switch (node) {
      case TableScan scan -> scan(scan);
      case Project project -> {
        List<Set<Origin>> input = columns(project.getInput());
        project.getVariablesSet().forEach(id -> outer.put(id, input));
        yield project.getProjects().stream().map(e -> expression(e, input)).toList();
      }
      case Filter filter -> columns(filter.getInput());
      case Sort sort -> columns(sort.getInput());
      case CommonRows rows -> columns(rows.getInput());
      case Aggregate aggregate -> aggregate(aggregate);
      case Join join -> {
        List<Set<Origin>> left = columns(join.getLeft());
        yield join.getJoinType().projectsRight() ? both(left, columns(join.getRight())) : left;
      }
      case Correlate correlate -> {
        List<Set<Origin>> left = columns(correlate.getLeft());
        outer.put(correlate.getCorrelationId(), left);
        yield both(left, columns(correlate.getRight()));
      }
      case SetOp set -> set(set);
      case PointInTimeJoin join -> {
        List<Set<Origin>> all = new ArrayList<>(columns(join.spine()));
        for (PointInTimeJoin.Feature feature : join.features()) {
          List<Set<Origin>> input = columns(feature.input());
          feature.output().forEach(ordinal -> all.add(input.get(ordinal)));
        }
        yield all;
      }
      default -> everyColumn(node);
    };
  }

  private static List<Set<Origin>> scan(TableScan scan) {
    CatalogTable table = scan.getTable().unwrap(CatalogTable.class);
    if (table == null) { // the work table of a recursion: its rows come from the first part
      return scan.getRowType().getFieldList().stream().map(f -> Set.<Origin>of()).toList();
    }
    TableReference name = table.reference();
    return scan.getRowType().getFieldNames().stream()
        .map(c -> Set.of(new Origin(name.catalog(), name.schema(), name.name(), c, false)))
        .toList();
  }

  private List<Set<Origin>> aggregate(Aggregate aggregate) {
    List<Set<Origin>> input = columns(aggregate.getInput());
    List<Set<Origin>> all = new ArrayList<>();
    aggregate.getGroupSet().forEach(key -> all.add(input.get(key)));
    for (AggregateCall call : aggregate.getAggCallList()) {
      all.add(
          derived(
              Stream.concat(
                      call.getArgList().stream(),
                      call.filterArg < 0 ? Stream.of() : Stream.of(call.filterArg))
                  .map(input::get)
                  .toList()));
    }
    return all;
  }

  private List<Set<Origin>> set(SetOp set) {
    List<List<Set<Origin>>> inputs = set.getInputs().stream().map(this::columns).toList();
    List<Set<Origin>> all = new ArrayList<>();
    for (int i = 0; i < set.getRowType().getFieldCount(); i++) {
      Set<Origin> column = new LinkedHashSet<>();
      for (List<Set<Origin>> input : inputs) {
        column.addAll(input.get(i));
      }
      all.add(column);
    }
    return all;
  }

  /** Of a node that says nothing about its columns each may come from every column below. */
  private List<Set<Origin>> everyColumn(RelNode node) {
    List<Set<Origin>> below = new ArrayList<>();
    node.getInputs().forEach(input -> below.addAll(columns(input)));
    return node.getRowType().getFieldList().stream().map(f -> derived(below)).toList();
  }

  private Set<Origin> expression(RexNode expression, List<Set<Origin>> input) {
    if (expression instanceof RexInputRef column) {
      return input.get(column.getIndex());
    }
    List<Set<Origin>> found = new ArrayList<>();
    expression.accept(
        new RexVisitorImpl<Void>(true) {
          @Override
          public Void visitInputRef(RexInputRef column) {
            found.add(input.get(column.getIndex()));
            return null;
          }

          @Override
          public Void visitFieldAccess(RexFieldAccess access) {
            if (access.getReferenceExpr() instanceof RexCorrelVariable variable
                && outer.containsKey(variable.id)) {
              found.add(outer.get(variable.id).get(access.getField().getIndex()));
              return null;
            }
            return super.visitFieldAccess(access);
          }

          @Override
          public Void visitSubQuery(RexSubQuery query) {
            found.addAll(columns(query.rel));
            return super.visitSubQuery(query);
          }
        });
    return derived(found);
  }

  private static Set<Origin> derived(Collection<Set<Origin>> columns) {
    Set<Origin> all = new LinkedHashSet<>();
    for (Set<Origin> column : columns) {
      column.forEach(
          o -> all.add(new Origin(o.catalog(), o.schema(), o.table(), o.column(), true)));
    }
    return all;
  }

  private static List<Set<Origin>> both(List<Set<Origin>> left, List<Set<Origin>> right) {
    List<Set<Origin>> all = new ArrayList<>(left);
    all.addAll(right);
    return all;
  }
}
