package dev.kelda.executor.statement;

import dev.kelda.executor.run.Execution;
import dev.kelda.executor.run.Failures;
import dev.kelda.executor.run.PlannedQuery;
import dev.kelda.executor.run.ScalarCasts;
import dev.kelda.parser.ColumnDefinition;
import dev.kelda.parser.Name;
import dev.kelda.parser.OrderTerm;
import dev.kelda.parser.Selects;
import dev.kelda.parser.TableLayout;
import dev.kelda.parser.Transform;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.TableDefinition;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.TextPosition;
import dev.kelda.spi.rows.Cells;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.calcite.sql.SqlBasicCall;
import org.apache.calcite.sql.SqlDataTypeSpec;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;

/**
 * Columns as statements declare them: their Arrow types, and the values of their DEFAULTs. The
 * planner derives types of expressions, so a row of typed NULLs has the types of the columns.
 */
record TableColumns(Services services) {
  private static final Set<SqlKind> CONSTANT_CALLS =
      Set.of(SqlKind.CAST, SqlKind.MINUS_PREFIX, SqlKind.PLUS_PREFIX);

  /** The columns' types, names and comments. */
  List<Field> fields(List<ColumnDefinition> columns, Request request) {
    List<Field> types = plan(columns, false, request).plan().outputSchema().getFields();
    List<Field> fields = new ArrayList<>();
    for (int i = 0; i < types.size(); i++) {
      ColumnDefinition column = columns.get(i);
      Map<String, String> metadata = new HashMap<>();
      column.comment().ifPresent(comment -> metadata.put("comment", comment));
      FieldType type = new FieldType(column.nullable(), types.get(i).getType(), null, metadata);
      fields.add(new Field(column.name(), type, types.get(i).getChildren()));
    }
    return fields;
  }

  /**
   * Plans the DEFAULTs.
   *
   * @throws KeldaException NOT_SUPPORTED for one that is not constant
   */
  Defaults defaults(List<ColumnDefinition> columns, Request request) {
    List<ColumnDefinition> given =
        columns.stream().filter(column -> column.defaultValue().isPresent()).toList();
    for (ColumnDefinition column : given) {
      requireConstant(column.defaultValue().get(), column.name(), column.position());
    }
    return given.isEmpty() ? (execution -> Map.of()) : evaluation(plan(given, true, request));
  }

  /** Plans a DEFAULT for a column that is there. */
  Defaults defaults(SqlNode value, Field type, Name column, Request request) {
    requireConstant(value, column.last(), column.position());
    SqlParserPos position = value.getParserPosition();
    SqlNode named =
        SqlStdOperatorTable.AS.createCall(
            position, value, new SqlIdentifier(column.last(), position));
    Defaults plain = evaluation(services.planning().query(row(List.of(named)), request));
    return execution -> {
      Map<String, Scalar> values = new HashMap<>();
      plain
          .values(execution)
          .forEach(
              (name, scalar) ->
                  values.put(
                      name,
                      ScalarCasts.cast(scalar, type.getType(), "DEFAULT of column " + column)));
      return values;
    };
  }

  private static void requireConstant(SqlNode value, String column, TextPosition position) {
    if (!isConstant(value)) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          "DEFAULT of column \"" + column + "\" must be a literal, or a CAST of one",
          position);
    }
  }

  /** DEFAULTs that are checked; their values are asked for once. */
  interface Defaults {
    /** By column name; NULLs are left out. */
    Map<String, Scalar> values(Execution execution);
  }

  /** Partitioning and order as connectors take them. */
  static TableDefinition definition(
      Schema columns,
      Map<String, Scalar> defaults,
      TableLayout layout,
      Map<String, String> properties) {
    return new TableDefinition(
        columns,
        defaults,
        layout.partitioning().stream().map(Transform::term).toList(),
        layout.order().stream().map(OrderTerm::sortKey).toList(),
        properties);
  }

  private Defaults evaluation(PlannedQuery query) {
    return execution -> {
      Map<String, Scalar> values = new HashMap<>();
      try (ArrowReader reader = services.runner().rows(execution, query, List.of())) {
        while (reader.loadNextBatch()) {
          for (FieldVector vector : reader.getVectorSchemaRoot().getFieldVectors()) {
            Scalar value = Cells.scalar(vector, 0);
            value.value().ifPresent(ignored -> values.put(vector.getName(), value));
          }
        }
      } catch (IOException e) {
        throw Failures.of(e);
      }
      return values;
    };
  }

  private PlannedQuery plan(List<ColumnDefinition> columns, boolean values, Request request) {
    List<SqlNode> items = new ArrayList<>();
    for (ColumnDefinition column : columns) {
      SqlParserPos position = column.type().getParserPosition();
      SqlNode value =
          values ? column.defaultValue().orElseThrow() : SqlLiteral.createNull(position);
      items.add(
          SqlStdOperatorTable.AS.createCall(
              position,
              SqlStdOperatorTable.CAST.createCall(position, value, column.type()),
              new SqlIdentifier(column.name(), position)));
    }
    return services.planning().query(row(items), request);
  }

  private static SqlNode row(List<SqlNode> items) {
    return Selects.of(
        SqlParserPos.ZERO,
        new SqlNodeList(items, SqlParserPos.ZERO),
        Optional.empty(),
        Optional.empty());
  }

  private static boolean isConstant(SqlNode node) {
    return node instanceof SqlLiteral
        || node instanceof SqlDataTypeSpec
        || node instanceof SqlBasicCall call
            && CONSTANT_CALLS.contains(call.getKind())
            && call.getOperandList().stream().allMatch(TableColumns::isConstant);
  }
}
