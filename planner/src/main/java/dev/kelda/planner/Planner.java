package dev.kelda.planner;

import static java.util.Objects.requireNonNull;

import dev.kelda.parser.Statement;
import dev.kelda.planner.analysis.Analyses;
import dev.kelda.planner.catalog.CatalogReader;
import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.planner.change.ChangePlanner;
import dev.kelda.planner.encode.RelEncoder;
import dev.kelda.planner.encode.Types;
import dev.kelda.planner.proto.Plan;
import dev.kelda.planner.proto.Rel;
import dev.kelda.planner.rules.Optimizer;
import dev.kelda.planner.rules.PointInTimeJoin;
import dev.kelda.planner.validate.FromRewriter;
import dev.kelda.planner.validate.QueryConverter;
import dev.kelda.planner.validate.QueryValidator;
import dev.kelda.planner.validate.ValidationErrors;
import dev.kelda.planner.validate.ViewExpansion;
import dev.kelda.spi.connector.RowChange;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.QueryAnalysis;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.calcite.avatica.util.TimeUnit;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelRoot;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.sql.SqlExplainFormat;
import org.apache.calcite.sql.SqlExplainLevel;
import org.apache.calcite.sql.SqlIntervalQualifier;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.type.SqlTypeName;

/** Turns a parsed query into a plan. Thread-safe; keep one. */
public final class Planner {
  static final int PLAN_VERSION = 1;

  private final Optimizer optimizer;

  /**
   * @param disabledPhases names of optimiser phases to leave out, to find a phase at fault
   * @param build the side that joins in time index; empty = by the sizes of the sides
   */
  public record Options(Set<String> disabledPhases, Optional<PointInTimeJoin.Build> build) {
    public Options {
      disabledPhases = Set.copyOf(disabledPhases);
      requireNonNull(build, "build is null");
    }
  }

  public Planner(Options options) {
    requireNonNull(options, "options is null");
    this.optimizer = new Optimizer(options.disabledPhases(), options.build());
  }

  /**
   * @param query as the parser gave it; not to be used again afterwards
   * @throws KeldaException with a USER code and a position when the query is at fault
   */
  public QueryPlan plan(SqlNode query, CatalogSnapshot catalog, SessionContext context) {
    return guarded(query, catalog, context, root -> root);
  }

  /**
   * A query whose output columns are exactly those of a table, in its order: values are cast, and
   * columns that are not named are NULL.
   *
   * @param columns names of the target's columns that the query gives, in its order; empty = all
   */
  public QueryPlan planInsert(
      SqlNode query,
      TableReference target,
      List<String> columns,
      CatalogSnapshot catalog,
      SessionContext context) {
    return guarded(
        InsertValues.typed(query, target, columns, PlanningScope.TYPES),
        catalog,
        context,
        root -> InsertColumns.of(root, target, columns));
  }

  /** The query behind an UPDATE, DELETE or MERGE of the target. */
  public ChangePlan planChange(
      Statement.Change statement,
      TableReference target,
      RowChange change,
      CatalogSnapshot catalog,
      SessionContext context) {
    ChangePlanner planner = new ChangePlanner(statement, target, change);
    QueryPlan query =
        guarded(planner.query(catalog, PlanningScope.TYPES), catalog, context, planner::shape);
    List<ScanSpec> otherReads =
        query.scans().stream().filter(s -> s.table().table() == target.table()).toList();
    return new ChangePlan(query, planner.whole(), otherReads);
  }

  /** What the query's text says of it; feature views and the like are not looked through. */
  public QueryAnalysis analyze(SqlNode query, CatalogSnapshot catalog) {
    return guarded(
        query,
        catalog,
        () -> {
          Converted converted = convert(query, catalog, PlanningScope.open(catalog));
          return Analyses.of(
              converted.validated(),
              converted.views(),
              converted.root().project(),
              schema(converted.names(), typed(converted.row(), PlanningScope.TYPES)),
              converted.parameters(),
              catalog);
        });
  }

  private QueryPlan guarded(
      SqlNode query,
      CatalogSnapshot catalog,
      SessionContext context,
      UnaryOperator<RelNode> shape) {
    requireNonNull(context, "context is null");
    return guarded(query, catalog, () -> plan(query, catalog, shape));
  }

  private static <T> T guarded(SqlNode query, CatalogSnapshot catalog, Supplier<T> work) {
    try {
      return work.get();
    } catch (StackOverflowError e) {
      throw new KeldaException(
          ErrorCode.STATEMENT_TOO_COMPLEX, "the statement is nested too deeply", e);
    } catch (KeldaException e) {
      throw e;
    } catch (RuntimeException | AssertionError e) {
      throw ValidationErrors.translate(e, catalog, query);
    }
  }

  private QueryPlan plan(SqlNode query, CatalogSnapshot catalog, UnaryOperator<RelNode> shape) {
    PlanningScope scope = PlanningScope.open(catalog);
    Converted converted = convert(query, catalog, scope);
    List<Field> parameters = converted.parameters();
    RelNode projected = converted.root().project();
    RelNode shaped = shape.apply(projected);
    List<String> output =
        shaped == projected ? converted.names() : shaped.getRowType().getFieldNames();
    RelNode optimized = optimizer.optimize(shaped);
    RelEncoder encoder = new RelEncoder(scope.rex(), optimized);
    RelDataType outputType = typed(shaped.getRowType(), scope.types());
    Rel encoded = encoder.castTo(optimized, outputType);
    return new QueryPlan(
        Plan.newBuilder()
            .setVersion(PLAN_VERSION)
            .setRoot(encoded)
            .addAllCommon(encoder.commonParts())
            .addAllOutputNames(output)
            .addAllParameterTypes(parameters.stream().map(Types::toProto).toList())
            .build(),
        encoder.scans(),
        schema(output, outputType),
        parameters,
        converted.openParameters(),
        RelOptUtil.dumpPlan(
            "", optimized, SqlExplainFormat.TEXT, SqlExplainLevel.EXPPLAN_ATTRIBUTES),
        catalog.resolved());
  }

  /**
   * A query as Calcite understands it, before anything is made better.
   *
   * @param views the queries, validated, of the views that it reads
   * @param openParameters as in {@link QueryPlan}
   * @param names of its columns
   */
  private record Converted(
      SqlNode validated,
      List<SqlNode> views,
      RelRoot root,
      List<Field> parameters,
      Set<Integer> openParameters,
      List<String> names) {
    RelDataType row() {
      return root.project().getRowType();
    }
  }

  private static Converted convert(SqlNode query, CatalogSnapshot catalog, PlanningScope scope) {
    CatalogReader reader = new CatalogReader(catalog, scope.types());
    Map<Integer, Field> known = catalog.session().parameters();
    QueryValidator validator = new QueryValidator(scope.operators(), reader, scope.types(), known);
    List<String> labels = OutputNames.of(query);
    SqlNode validated = validator.validate(rewriter(catalog).rewrite(query));
    List<Field> parameters = Parameters.of(validated, validator, known);
    ViewExpansion views =
        new ViewExpansion(
            catalog, scope.operators(), scope.types(), scope.cluster(), Planner::rewriter);
    RelRoot root =
        new QueryConverter(validator, reader, scope.cluster(), views)
            .convertQuery(validated, false, true);
    return new Converted(
        validated,
        views.queries(),
        root,
        parameters,
        validator.openParameters(),
        OutputNames.merge(root.fields.stream().map(f -> f.getValue()).toList(), labels));
  }

  private static FromRewriter rewriter(CatalogSnapshot catalog) {
    return new FromRewriter(catalog, relation -> columns(relation, catalog));
  }

  /** The columns of a query that stands as an argument; the query is used up. */
  private static Schema columns(SqlNode query, CatalogSnapshot catalog) {
    PlanningScope scope = PlanningScope.open(catalog);
    QueryValidator validator =
        new QueryValidator(
            scope.operators(),
            new CatalogReader(catalog, scope.types()),
            scope.types(),
            catalog.session().parameters());
    RelDataType row =
        validator.getValidatedNodeType(validator.validate(rewriter(catalog).rewrite(query)));
    return schema(row.getFieldNames(), typed(row, scope.types()));
  }

  /**
   * A column of nothing but NULL is a text, as in PostgreSQL: clients and tables have no NULL type.
   * Every interval has months, days and nanoseconds: pyarrow knows no other.
   */
  private static RelDataType typed(RelDataType row, RelDataTypeFactory types) {
    RelDataType text =
        types.createTypeWithNullability(types.createSqlType(SqlTypeName.VARCHAR), true);
    RelDataType interval =
        types.createTypeWithNullability(
            types.createSqlIntervalType(
                new SqlIntervalQualifier(TimeUnit.DAY, TimeUnit.SECOND, SqlParserPos.ZERO)),
            true);
    return types.createStructType(
        row.getFieldList().stream()
            .map(RelDataTypeField::getType)
            .map(
                type ->
                    switch (type.getSqlTypeName()) {
                      case NULL -> text;
                      case INTERVAL_YEAR, INTERVAL_MONTH, INTERVAL_YEAR_MONTH -> interval;
                      default -> type;
                    })
            .toList(),
        row.getFieldNames());
  }

  private static Schema schema(List<String> names, RelDataType row) {
    List<Field> fields = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      fields.add(Types.nullable(Types.toArrow(names.get(i), row.getFieldList().get(i).getType())));
    }
    return new Schema(fields);
  }
}
