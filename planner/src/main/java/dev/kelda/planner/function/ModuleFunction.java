package dev.kelda.planner.function;

import static java.util.Objects.requireNonNull;

import dev.kelda.parser.Positions;
import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.planner.encode.Types;
import dev.kelda.planner.validate.KeldaTypeFactory;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.PlannedFunction;
import dev.kelda.spi.extension.PlannedFunction.Bound;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.SqlCallBinding;
import org.apache.calcite.sql.SqlFunction;
import org.apache.calcite.sql.SqlFunctionCategory;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlOperatorBinding;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.type.OperandTypes;
import org.apache.calcite.sql.type.SqlOperandCountRanges;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;

/**
 * A module's function under one of its names, for one planning run: equal calls are bound once, so
 * that a statement sees one version of what they mean. Calcite takes it for a function whose value
 * may differ from call to call, so that no rule evaluates it twice where the text has it once.
 */
public final class ModuleFunction extends SqlFunction {
  private record Key(List<Field> arguments, Map<Integer, Scalar> constants) {}

  private final PlannedFunction function;
  private final CatalogSnapshot catalog;
  private final Map<Key, Bound> bound = new HashMap<>();

  ModuleFunction(PlannedFunction function, String name, CatalogSnapshot catalog) {
    super(
        name,
        new SqlIdentifier(Arrays.asList(name.split("\\.")), SqlParserPos.ZERO),
        SqlKind.OTHER_FUNCTION,
        null,
        null,
        OperandTypes.variadic(
            function.arity().max() < 0
                ? SqlOperandCountRanges.from(function.arity().min())
                : SqlOperandCountRanges.between(function.arity().min(), function.arity().max())),
        SqlFunctionCategory.USER_DEFINED_FUNCTION);
    this.function = requireNonNull(function, "function is null");
    this.catalog = requireNonNull(catalog, "catalog is null");
  }

  /** The plan's id of a bound call: {@code ai.predict:delay@3}. */
  public String id(Bound binding) {
    return function.id() + ":" + binding.binding();
  }

  @Override
  public boolean isDeterministic() {
    return false;
  }

  /** As {@link PlannedFunction#isStable}. */
  public boolean isStable() {
    return function.isStable();
  }

  @Override
  public RelDataType inferReturnType(SqlOperatorBinding binding) {
    return Types.toSql((KeldaTypeFactory) binding.getTypeFactory(), bound(binding).result());
  }

  @Override
  public org.apache.calcite.sql.type.SqlOperandTypeInference getOperandTypeInference() {
    return this::inferParameters;
  }

  private void inferParameters(
      SqlCallBinding binding, RelDataType returnType, RelDataType[] types) {
    List<Optional<Field>> wanted = bound(binding).arguments();
    KeldaTypeFactory factory = (KeldaTypeFactory) binding.getTypeFactory();
    for (int i = 0; i < types.length; i++) {
      types[i] =
          wanted
              .get(i)
              .map(field -> Types.toSql(factory, field))
              .orElseGet(() -> factory.createSqlType(SqlTypeName.VARCHAR));
    }
  }

  /**
   * What the call means.
   *
   * @throws KeldaException with the call's position
   */
  public Bound bound(SqlOperatorBinding binding) {
    List<Field> arguments = new ArrayList<>();
    Map<Integer, Scalar> constants = new HashMap<>();
    for (int i = 0; i < binding.getOperandCount(); i++) {
      arguments.add(argument(binding.getOperandType(i)));
      if (binding.isOperandLiteral(i, true)) {
        constants.put(i, constant(binding, i));
      }
    }
    Key key = new Key(arguments, constants);
    Bound known = bound.get(key);
    if (known != null) {
      return known;
    }
    Bound made = bind(new PlannedFunction.Call(catalog.session(), arguments, constants), binding);
    bound.put(key, made);
    catalog.depend(id(made), made.version());
    return made;
  }

  private Bound bind(PlannedFunction.Call call, SqlOperatorBinding binding) {
    try {
      return function.bind(call);
    } catch (KeldaException e) {
      throw e.position().isPresent() || !(binding instanceof SqlCallBinding at)
          ? e
          : new KeldaException(
              e.code(), e.getMessage(), Optional.of(Positions.start(at.getCall())), e.getCause());
    }
  }

  /** A parameter has no type yet. */
  private static Field argument(RelDataType type) {
    boolean unknown =
        type.getSqlTypeName() == SqlTypeName.UNKNOWN || type.getSqlTypeName() == SqlTypeName.ANY;
    return unknown ? Field.nullable("", CanonicalTypes.NULL) : Types.toArrow("", type);
  }

  private static Scalar constant(SqlOperatorBinding binding, int ordinal) {
    RelDataType type = binding.getOperandType(ordinal);
    if (binding.isOperandNull(ordinal, true)) {
      return Scalar.nullOf(CanonicalTypes.NULL);
    }
    if (SqlTypeUtil.isCharacter(type)) {
      return Scalar.of(CanonicalTypes.UTF8, binding.getOperandLiteralValue(ordinal, String.class));
    }
    if (SqlTypeUtil.isNumeric(type)) {
      BigDecimal number = binding.getOperandLiteralValue(ordinal, BigDecimal.class);
      return SqlTypeUtil.isIntType(type)
          ? Scalar.of(CanonicalTypes.INT64, number.longValue())
          : Scalar.of(CanonicalTypes.FLOAT64, number.doubleValue());
    }
    if (SqlTypeUtil.isBoolean(type)) {
      return Scalar.of(CanonicalTypes.BOOL, binding.getOperandLiteralValue(ordinal, Boolean.class));
    }
    return Scalar.nullOf(CanonicalTypes.NULL);
  }
}
