package dev.kelda.parser;

import java.util.List;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlOperatorBinding;
import org.apache.calcite.sql.SqlSpecialOperator;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.type.InferTypes;
import org.apache.calcite.sql.type.OperandTypes;
import org.apache.calcite.sql.validate.SqlValidator;
import org.apache.calcite.sql.validate.SqlValidatorScope;

/**
 * {@code {'a': 1, 'b': 'x'}}: a row whose fields have names. One operator for each list of names.
 */
public final class SqlStruct extends SqlSpecialOperator {
  private final List<String> names;

  public SqlStruct(List<String> names) {
    super(
        "{}",
        SqlKind.OTHER_FUNCTION,
        100,
        false,
        null,
        InferTypes.RETURN_TYPE,
        OperandTypes.VARIADIC);
    this.names = List.copyOf(names);
  }

  public List<String> names() {
    return names;
  }

  @Override
  public RelDataType deriveType(SqlValidator validator, SqlValidatorScope scope, SqlCall call) {
    List<RelDataType> types =
        call.getOperandList().stream().map(value -> validator.deriveType(scope, value)).toList();
    RelDataType type = validator.getTypeFactory().createStructType(types, names);
    validator.setValidatedNodeType(call, type);
    return type;
  }

  @Override
  public void unparse(SqlWriter writer, SqlCall call, int leftPrec, int rightPrec) {
    SqlWriter.Frame frame = writer.startList("{", "}");
    for (int i = 0; i < names.size(); i++) {
      writer.sep(",");
      writer.literal("'" + names.get(i).replace("'", "''") + "':");
      call.operand(i).unparse(writer, 0, 0);
    }
    writer.endList(frame);
  }

  @Override
  public RelDataType inferReturnType(SqlOperatorBinding binding) {
    return binding.getTypeFactory().createStructType(binding.collectOperandTypes(), names);
  }
}
