package dev.kelda.planner;

import dev.kelda.parser.Positions;
import dev.kelda.planner.encode.Types;
import dev.kelda.planner.validate.QueryValidator;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.SqlDynamicParam;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.util.SqlBasicVisitor;

/** The types of a validated query's parameters, those that became constants among them. */
final class Parameters {
  private Parameters() {}

  /**
   * @param given types that were not inferred, by index
   */
  static List<Field> of(SqlNode query, QueryValidator validator, Map<Integer, Field> given) {
    TreeMap<Integer, Field> found = new TreeMap<>(given);
    query.accept(
        new SqlBasicVisitor<Void>() {
          @Override
          public Void visit(SqlDynamicParam parameter) {
            RelDataType type = validator.getValidatedNodeType(parameter);
            if (type.getSqlTypeName() == SqlTypeName.UNKNOWN
                || type.getSqlTypeName() == SqlTypeName.ANY) {
              throw new KeldaException(
                  ErrorCode.WRONG_PARAMETERS,
                  "the type of this parameter cannot be inferred; write CAST(? AS type)",
                  Positions.start(parameter));
            }
            int index = parameter.getIndex();
            found.put(index, Types.toArrow("$" + (index + 1), type));
            return null;
          }
        });
    return List.copyOf(found.values());
  }
}
