package dev.kelda.planner.validate;

import dev.kelda.parser.SqlText;
import dev.kelda.parser.Statement;
import dev.kelda.planner.SessionContext;
import dev.kelda.planner.catalog.CatalogReader;
import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelRoot;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlOperatorTable;

/**
 * Puts a view's query in the place of its name. The query's names mean what they meant where the
 * view was made, and its tables are those of the statement's own snapshot.
 */
public final class ViewExpansion implements RelOptTable.ViewExpander {
  private static final int MAX_DEPTH = 32;

  private final CatalogSnapshot catalog;
  private final SqlOperatorTable operators;
  private final KeldaTypeFactory types;
  private final RelOptCluster cluster;
  private final Function<CatalogSnapshot, FromRewriter> rewriters;
  private final Deque<List<String>> open = new ArrayDeque<>();
  private final List<SqlNode> queries = new ArrayList<>();

  public ViewExpansion(
      CatalogSnapshot catalog,
      SqlOperatorTable operators,
      KeldaTypeFactory types,
      RelOptCluster cluster,
      Function<CatalogSnapshot, FromRewriter> rewriters) {
    this.catalog = catalog;
    this.operators = operators;
    this.types = types;
    this.cluster = cluster;
    this.rewriters = rewriters;
  }

  /**
   * @param schemaPath catalog and schema where names are looked up
   * @param viewPath the view itself
   */
  @Override
  public RelRoot expandView(
      RelDataType rowType, String sql, List<String> schemaPath, List<String> viewPath) {
    String view = String.join(".", viewPath);
    if (open.contains(viewPath) || open.size() >= MAX_DEPTH) {
      throw new KeldaException(
          ErrorCode.INVALID_STATEMENT,
          open.contains(viewPath)
              ? "view " + view + " refers to itself"
              : "views are nested deeper than " + MAX_DEPTH + " levels");
    }
    open.push(viewPath);
    try {
      RelNode rows = convert(query(sql), schemaPath);
      return RelRoot.of(columns(rows, rowType), SqlKind.SELECT);
    } catch (KeldaException e) {
      // The position is one in the view's text, not in the statement's.
      throw new KeldaException(e.code(), "in view " + view + ": " + e.getMessage(), e);
    } finally {
      open.pop();
    }
  }

  /** The queries, validated, of the views so far. */
  public List<SqlNode> queries() {
    return List.copyOf(queries);
  }

  private static SqlNode query(String sql) {
    if (SqlText.parse(sql) instanceof Statement.Query query && query.parameterCount() == 0) {
      return query.query();
    }
    throw new KeldaException(ErrorCode.INVALID_STATEMENT, "its text is not a query");
  }

  private RelNode convert(SqlNode query, List<String> schemaPath) {
    CatalogSnapshot there =
        catalog.in(
            new SessionContext(
                catalog.session().user(), schemaPath.getFirst(), schemaPath.getLast()));
    CatalogReader reader = new CatalogReader(there, types);
    QueryValidator validator = new QueryValidator(operators, reader, types, Map.of());
    SqlNode rewritten = rewriters.apply(there).rewrite(query);
    try {
      SqlNode validated = validator.validate(rewritten);
      queries.add(validated);
      return new QueryConverter(validator, reader, cluster, this)
          .convertQuery(validated, false, true)
          .project();
    } catch (KeldaException e) {
      throw e;
    } catch (RuntimeException | AssertionError e) {
      throw ValidationErrors.translate(e, there, rewritten);
    }
  }

  private static RelNode columns(RelNode rows, RelDataType rowType) {
    List<RelDataTypeField> wanted = rowType.getFieldList();
    if (rows.getRowType().getFieldCount() != wanted.size()) {
      throw new KeldaException(
          ErrorCode.INVALID_STATEMENT,
          "it has %d columns, its query gives %d now; create it anew"
              .formatted(wanted.size(), rows.getRowType().getFieldCount()));
    }
    RexBuilder rex = rows.getCluster().getRexBuilder();
    List<RexNode> columns = new ArrayList<>();
    for (int i = 0; i < wanted.size(); i++) {
      columns.add(rex.makeCast(wanted.get(i).getType(), rex.makeInputRef(rows, i), true, false));
    }
    return LogicalProject.create(rows, List.of(), columns, rowType.getFieldNames(), Set.of());
  }
}
