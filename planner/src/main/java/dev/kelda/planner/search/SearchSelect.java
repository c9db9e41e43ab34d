package dev.kelda.planner.search;

import dev.kelda.planner.catalog.Names;
import dev.kelda.planner.search.SearchOperator.Rows;
import dev.kelda.spi.connector.Search;
import dev.kelda.spi.connector.Search.Branch;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.rows.ColumnNames;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.util.SqlBasicVisitor;

/**
 * The SELECT that stands for a search until it is converted:
 *
 * <pre>
 * SELECT "$0" AS id, …, $SEARCH(query, …, count, …) AS distance, $SCORE() AS score FROM rows AS "$rows" ("$0", …)
 * </pre>
 *
 * The rows' columns have names that no query can mean, so that a query's names are looked up
 * outside.
 */
public final class SearchSelect {
  private static final String HIDDEN = "$";

  private final SqlParserPos position;

  private SearchSelect(SqlParserPos position) {
    this.position = position;
  }

  /**
   * @param rows what is searched
   * @param schema its columns
   * @param all its columns with those that say where a row is
   * @param argument the node of a placeholder
   * @throws KeldaException COLUMN_NOT_FOUND, TYPE_MISMATCH without a position
   */
  public static SqlNode of(
      Search search,
      SqlNode rows,
      Schema schema,
      int all,
      Optional<Rows> addressed,
      Function<String, SqlNode> argument,
      SqlParserPos position) {
    SearchSelect to = new SearchSelect(position);
    List<SqlNode> operands = new ArrayList<>();
    List<Integer> columns = new ArrayList<>();
    for (Branch branch : search.branches()) {
      SqlNode query = argument.apply(branch.query().placeholder());
      requireQualified(query, schema);
      operands.add(query);
      columns.add(column(branch, schema));
    }
    List<Optional<Integer>> counts = new ArrayList<>();
    search
        .branches()
        .forEach(
            branch ->
                counts.add(
                    branch.count().map(c -> add(operands, argument.apply(c.placeholder())))));
    search
        .fusion()
        .ifPresent(
            fusion ->
                counts.add(
                    fusion.count().map(c -> add(operands, argument.apply(c.placeholder())))));
    SqlNode marker =
        new SearchOperator(search, columns, addressed, counts).createCall(position, operands);
    return to.select(search, rows, schema, all, marker);
  }

  /**
   * A bare name would be looked up among the columns of the result, which are those of what is
   * searched.
   */
  private static void requireQualified(SqlNode query, Schema schema) {
    List<String> names = schema.getFields().stream().map(Field::getName).toList();
    query.accept(
        new SqlBasicVisitor<Void>() {
          @Override
          public Void visit(SqlIdentifier name) {
            if (name.isSimple() && Names.match(name.getSimple(), names).isPresent()) {
              throw new KeldaException(
                  ErrorCode.AMBIGUOUS_NAME,
                  "\"%1$s\" is a column of what is searched; write the table of the query before it, as in q.%1$s"
                      .formatted(name.getSimple()));
            }
            return null;
          }

          @Override
          public Void visit(SqlCall call) {
            return call.isA(SqlKind.QUERY) ? null : super.visit(call);
          }
        });
  }

  private static int add(List<SqlNode> operands, SqlNode operand) {
    operands.add(operand);
    return operands.size() - 1;
  }

  private SqlNode select(Search search, SqlNode rows, Schema schema, int all, SqlNode marker) {
    List<String> names = new ArrayList<>();
    SqlNodeList items = new SqlNodeList(position);
    for (int i = 0; i < schema.getFields().size(); i++) {
      String name = schema.getFields().get(i).getName();
      names.add(name);
      items.add(as(new SqlIdentifier(HIDDEN + i, position), name));
    }
    List<String> added = added(search);
    items.add(as(marker, ColumnNames.unused(added.getFirst(), names)));
    if (added.size() > 1) { // the two begin with other words
      String score = ColumnNames.unused(added.getLast(), names);
      items.add(as(ScoreOperator.INSTANCE.createCall(position), score));
    }
    List<SqlNode> from = new ArrayList<>();
    from.add(rows);
    from.add(new SqlIdentifier("$rows", position));
    for (int i = 0; i < all; i++) {
      from.add(new SqlIdentifier(HIDDEN + i, position));
    }
    SqlNode source = SqlStdOperatorTable.AS.createCall(position, from);
    return new SqlSelect(
        position, null, items, source, null, null, null, null, null, null, null, null, null);
  }

  /** The names of the columns that a search adds. */
  static List<String> added(Search search) {
    if (search.fusion().isPresent()) {
      return List.of("fused_score");
    }
    return search.branches().getFirst().measure().ofVectors()
        ? List.of("distance", "score")
        : List.of("score");
  }

  private SqlNode as(SqlNode node, String name) {
    return SqlStdOperatorTable.AS.createCall(position, node, new SqlIdentifier(name, position));
  }

  /** The ordinal of the column that vectors are read from. */
  private static int column(Branch branch, Schema schema) {
    List<String> names = schema.getFields().stream().map(Field::getName).toList();
    List<Integer> found = branch.columns().stream().map(c -> ordinal(c, names)).toList();
    if (branch.index().isPresent()) {
      return -1;
    }
    Field field = schema.getFields().get(found.getFirst());
    if (!isVector(field)) {
      throw new KeldaException(
          ErrorCode.TYPE_MISMATCH,
          "column \"%s\" holds no vectors: it is no array of REAL or DOUBLE"
              .formatted(field.getName()));
    }
    return found.getFirst();
  }

  /** An array of floating-point numbers. */
  public static boolean isVector(Field field) {
    boolean list =
        field.getType() instanceof ArrowType.List
            || field.getType() instanceof ArrowType.FixedSizeList;
    return list && field.getChildren().getFirst().getType() instanceof ArrowType.FloatingPoint;
  }

  private static int ordinal(String column, List<String> names) {
    return Names.match(column, names)
        .map(names::indexOf)
        .orElseThrow(
            () ->
                new KeldaException(
                    ErrorCode.COLUMN_NOT_FOUND,
                    "what is searched has no column \"%s\"%s"
                        .formatted(column, Names.suggestion(column, names))));
  }
}
