package dev.kelda.planner.search;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.connector.Search;
import dev.kelda.spi.connector.Search.Measure;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.calcite.plan.Convention;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.RelOptCost;
import org.apache.calcite.plan.RelOptPlanner;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.plan.RelTraitSet;
import org.apache.calcite.rel.AbstractRelNode;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelWriter;
import org.apache.calcite.rel.metadata.RelMetadataQuery;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.validate.SqlValidatorUtil;

/**
 * The best rows for each query. Output row: the queries' columns, the chosen columns of what is
 * searched, the columns that the search adds.
 */
public final class SearchNode extends AbstractRelNode {
  private static final double ROWS_OF_A_QUERY = 10;

  private RelNode queries;
  private RelNode rows;
  private final Spec spec;

  /**
   * Everything but the inputs.
   *
   * @param branches parallel to the search's
   * @param fused rows to keep of several branches
   * @param found where rows found are read; without it they are kept from the first reading
   * @param address the column of the rows input with their addresses; -1 without {@code found}
   * @param output columns handed upwards: of {@code found}, else of the rows input
   * @param outer a query without rows appears once, with NULLs
   */
  public record Spec(
      Search search,
      List<Branch> branches,
      Optional<RexNode> fused,
      Optional<RelOptTable> found,
      int address,
      List<Integer> output,
      boolean outer) {
    public Spec {
      requireNonNull(search, "search is null");
      branches = List.copyOf(branches);
      requireNonNull(fused, "fused is null");
      requireNonNull(found, "found is null");
      output = List.copyOf(output);
    }

    Spec asOuter() {
      return new Spec(search, branches, fused, found, address, output, true);
    }

    Spec shiftedQueries(int by) {
      List<Branch> shifted =
          branches.stream().map(b -> new Branch(b.query() + by, b.count(), b.vector())).toList();
      return new Spec(search, shifted, fused, found, address, output, outer);
    }
  }

  /**
   * @param query column of the queries input
   * @param count rows to find: a literal or a parameter
   * @param vector column of the rows input; -1 with an index
   */
  public record Branch(int query, RexNode count, int vector) {
    public Branch {
      requireNonNull(count, "count is null");
    }
  }

  private SearchNode(
      RelOptCluster cluster, RelTraitSet traits, RelNode queries, RelNode rows, Spec spec) {
    super(cluster, traits);
    this.queries = requireNonNull(queries, "queries is null");
    this.rows = requireNonNull(rows, "rows is null");
    this.spec = requireNonNull(spec, "spec is null");
  }

  public static SearchNode create(RelNode queries, RelNode rows, Spec spec) {
    RelOptCluster cluster = rows.getCluster();
    return new SearchNode(cluster, cluster.traitSetOf(Convention.NONE), queries, rows, spec);
  }

  public RelNode queries() {
    return queries;
  }

  public RelNode rows() {
    return rows;
  }

  public Spec spec() {
    return spec;
  }

  /** Columns of the queries, which come first. */
  public int queryColumns() {
    return queries.getRowType().getFieldCount();
  }

  @Override
  public List<RelNode> getInputs() {
    return List.of(queries, rows);
  }

  @Override
  public void replaceInput(int ordinal, RelNode input) {
    if (ordinal == 0) {
      queries = input;
    } else {
      rows = input;
    }
    recomputeDigest();
  }

  @Override
  public SearchNode copy(RelTraitSet traits, List<RelNode> inputs) {
    return new SearchNode(getCluster(), traits, inputs.get(0), inputs.get(1), spec);
  }

  @Override
  protected RelDataType deriveRowType() {
    RelDataTypeFactory types = getCluster().getTypeFactory();
    List<String> names = new ArrayList<>(queries.getRowType().getFieldNames());
    List<RelDataType> columns = new ArrayList<>();
    queries.getRowType().getFieldList().forEach(f -> columns.add(f.getType()));
    RelDataType searched = spec.found().map(RelOptTable::getRowType).orElse(rows.getRowType());
    for (int ordinal : spec.output()) {
      RelDataTypeField field = searched.getFieldList().get(ordinal);
      names.add(field.getName());
      columns.add(nullable(field.getType(), types));
    }
    for (String added : SearchSelect.added(spec.search())) {
      names.add(added);
      columns.add(nullable(types.createSqlType(SqlTypeName.DOUBLE), types));
    }
    return types.createStructType(
        columns, SqlValidatorUtil.uniquify(names, types.getTypeSystem().isSchemaCaseSensitive()));
  }

  private RelDataType nullable(RelDataType type, RelDataTypeFactory types) {
    return spec.outer() ? types.createTypeWithNullability(type, true) : type;
  }

  @Override
  public double estimateRowCount(RelMetadataQuery mq) {
    return mq.getRowCount(queries) * ROWS_OF_A_QUERY;
  }

  @Override
  public RelOptCost computeSelfCost(RelOptPlanner planner, RelMetadataQuery mq) {
    double count = mq.getRowCount(queries) + mq.getRowCount(rows);
    return planner.getCostFactory().makeCost(count, count, 0);
  }

  @Override
  public RelWriter explainTerms(RelWriter writer) {
    super.explainTerms(writer).input("queries", queries).input("rows", rows);
    for (int i = 0; i < spec.branches().size(); i++) {
      Branch branch = spec.branches().get(i);
      Search.Branch of = spec.search().branches().get(i);
      String by =
          of.index()
              .map(Search.Hits::description)
              .orElseGet(() -> "every row, $" + branch.vector());
      Measure measure = of.measure();
      writer.item(
          "by" + i,
          "%s of $%d, top_k=%s, %s".formatted(measure, branch.query(), text(branch.count()), by));
    }
    spec.search()
        .fusion()
        .ifPresent(
            fusion ->
                writer.item(
                    "fusion",
                    "k=%s, top_k=%s"
                        .formatted(fusion.k(), spec.fused().map(SearchNode::text).orElse(""))));
    writer.itemIf("outer", true, spec.outer());
    return writer.item("output", spec.output());
  }

  private static String text(RexNode count) {
    return count instanceof RexLiteral literal
        ? String.valueOf(literal.getValueAs(Long.class))
        : count.toString();
  }
}
