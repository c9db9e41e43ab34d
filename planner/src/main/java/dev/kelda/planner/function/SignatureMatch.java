package dev.kelda.planner.function;

import dev.kelda.planner.function.TypePattern.ArrayOf;
import dev.kelda.planner.function.TypePattern.Base;
import dev.kelda.planner.function.TypePattern.Computed;
import dev.kelda.planner.function.TypePattern.Named;
import dev.kelda.planner.function.TypePattern.Variable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.calcite.avatica.util.TimeUnit;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rex.RexCallBinding;
import org.apache.calcite.sql.SqlCallBinding;
import org.apache.calcite.sql.SqlIntervalQualifier;
import org.apache.calcite.sql.SqlOperatorBinding;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.type.SqlTypeFamily;
import org.apache.calcite.sql.type.SqlTypeName;

/**
 * The signature chosen for a call: the cheapest one whose parameters the arguments widen to.
 *
 * @param arguments the type each argument must have
 * @param result the result's type, nullability not yet set
 */
record SignatureMatch(Signature signature, List<RelDataType> arguments, RelDataType result) {

  private static final int IMPOSSIBLE = Integer.MAX_VALUE;

  static Optional<SignatureMatch> best(List<Signature> signatures, SqlOperatorBinding binding) {
    SignatureMatch best = null;
    int bestCost = IMPOSSIBLE;
    for (Signature signature : signatures) {
      if (!signature.accepts(binding.getOperandCount())) {
        continue;
      }
      int cost = cost(signature, binding);
      if (cost < bestCost) {
        Optional<SignatureMatch> match = bind(signature, binding);
        if (match.isPresent()) {
          best = match.get();
          bestCost = cost;
        }
      }
    }
    return Optional.ofNullable(best);
  }

  private static int cost(Signature signature, SqlOperatorBinding binding) {
    int total = 0;
    for (int i = 0; i < binding.getOperandCount(); i++) {
      int cost = cost(binding.getOperandType(i), signature.pattern(i), literal(binding, i));
      if (cost == IMPOSSIBLE) {
        return IMPOSSIBLE;
      }
      total += cost;
    }
    return total;
  }

  private static int cost(RelDataType type, TypePattern pattern, boolean literal) {
    if (unknown(type)) {
      return 0;
    }
    return switch (pattern) {
      case Variable variable -> variable.accepts(type) ? 1 : IMPOSSIBLE;
      case ArrayOf array ->
          type.getComponentType() == null
              ? IMPOSSIBLE
              : cost(type.getComponentType(), array.element(), false);
      case Computed computed -> IMPOSSIBLE;
      case Named named -> widening(type, named.base(), literal);
    };
  }

  private static int widening(RelDataType type, Base to, boolean literal) {
    if (to == Base.ANY) {
      return 1;
    }
    Optional<Base> actual = Base.of(type.getSqlTypeName());
    if (to == Base.TEXT) {
      return actual.filter(b -> b == Base.VARCHAR).isPresent() ? 0 : 5;
    }
    if (actual.isEmpty()) {
      return IMPOSSIBLE;
    }
    Base from = actual.get();
    if (from == to) {
      return 0;
    }
    boolean text = literal && from == Base.VARCHAR;
    return switch (to) {
      case SMALLINT, INTEGER, BIGINT ->
          integer(from) && from.ordinal() < to.ordinal()
              ? to.ordinal() - from.ordinal()
              : IMPOSSIBLE;
      case DECIMAL -> integer(from) ? 4 : IMPOSSIBLE;
      case DOUBLE ->
          from == Base.REAL ? 1 : from == Base.DECIMAL ? 2 : integer(from) ? 6 : IMPOSSIBLE;
      case REAL -> integer(from) ? 8 : IMPOSSIBLE;
      case TIMESTAMP -> from == Base.DATE ? 2 : text ? 10 : IMPOSSIBLE;
      case TIMESTAMPTZ ->
          from == Base.TIMESTAMP ? 3 : from == Base.DATE ? 4 : text ? 12 : IMPOSSIBLE;
      case DATE, TIME -> text ? 11 : IMPOSSIBLE;
      case BOOLEAN, TINYINT, VARCHAR, VARBINARY, INTERVAL, TEXT, ANY -> IMPOSSIBLE;
    };
  }

  private static boolean integer(Base base) {
    return base == Base.TINYINT
        || base == Base.SMALLINT
        || base == Base.INTEGER
        || base == Base.BIGINT;
  }

  private static Optional<SignatureMatch> bind(Signature signature, SqlOperatorBinding binding) {
    RelDataTypeFactory factory = binding.getTypeFactory();
    Map<Character, RelDataType> variables = new HashMap<>();
    for (int i = 0; i < binding.getOperandCount(); i++) {
      if (!unify(signature.pattern(i), binding.getOperandType(i), variables, factory)) {
        return Optional.empty();
      }
    }
    List<RelDataType> arguments = new ArrayList<>();
    for (int i = 0; i < binding.getOperandCount(); i++) {
      RelDataType actual = binding.getOperandType(i);
      RelDataType expected = resolve(signature.pattern(i), actual, variables, factory);
      arguments.add(factory.createTypeWithNullability(expected, actual.isNullable()));
    }
    RelDataType result =
        signature.resultPattern() instanceof Computed computed
            ? computed.rule().apply(binding, factory)
            : resolve(
                signature.resultPattern(),
                factory.createSqlType(SqlTypeName.NULL),
                variables,
                factory);
    return Optional.of(new SignatureMatch(signature, arguments, result));
  }

  private static boolean unify(
      TypePattern pattern,
      RelDataType type,
      Map<Character, RelDataType> variables,
      RelDataTypeFactory factory) {
    return switch (pattern) {
      case ArrayOf array ->
          unknown(type)
              || type.getComponentType() != null
                  && unify(array.element(), type.getComponentType(), variables, factory);
      case Variable variable -> {
        if (unknown(type)) {
          yield true;
        }
        RelDataType seen = variables.get(variable.letter());
        RelDataType common =
            seen == null ? text(type, factory) : factory.leastRestrictive(List.of(seen, type));
        if (common == null) {
          yield false;
        }
        variables.put(variable.letter(), text(common, factory));
        yield true;
      }
      case Named named -> true;
      case Computed computed -> true;
    };
  }

  private static RelDataType resolve(
      TypePattern pattern,
      RelDataType actual,
      Map<Character, RelDataType> variables,
      RelDataTypeFactory factory) {
    return switch (pattern) {
      case ArrayOf array -> {
        RelDataType element =
            actual.getComponentType() == null
                ? factory.createSqlType(SqlTypeName.NULL)
                : actual.getComponentType();
        RelDataType resolved = resolve(array.element(), element, variables, factory);
        yield factory.createArrayType(factory.createTypeWithNullability(resolved, true), -1);
      }
      case Variable variable ->
          variables.getOrDefault(variable.letter(), factory.createSqlType(SqlTypeName.NULL));
      case Named named -> named(named.base(), actual, factory);
      case Computed computed -> actual;
    };
  }

  private static RelDataType named(Base base, RelDataType actual, RelDataTypeFactory factory) {
    if (base == Base.ANY || Base.of(actual.getSqlTypeName()).filter(b -> b == base).isPresent()) {
      return actual;
    }
    if (base == Base.TEXT && SqlTypeFamily.CHARACTER.contains(actual)) {
      return actual;
    }
    if (base == Base.DECIMAL) {
      return decimal(actual, factory);
    }
    if (base == Base.INTERVAL) {
      return factory.createSqlIntervalType(
          new SqlIntervalQualifier(TimeUnit.DAY, TimeUnit.SECOND, SqlParserPos.ZERO));
    }
    return factory.createSqlType(base.sqlType());
  }

  private static RelDataType decimal(RelDataType actual, RelDataTypeFactory factory) {
    RelDataType exact = factory.decimalOf(actual);
    return exact == null ? factory.createSqlType(SqlTypeName.DECIMAL) : exact;
  }

  private static RelDataType text(RelDataType type, RelDataTypeFactory factory) {
    return type.getSqlTypeName() == SqlTypeName.CHAR
        ? factory.createTypeWithNullability(
            factory.createSqlType(SqlTypeName.VARCHAR), type.isNullable())
        : type;
  }

  /** Aggregates in a plan know only the types of their arguments. */
  private static boolean literal(SqlOperatorBinding binding, int ordinal) {
    return (binding instanceof SqlCallBinding || binding instanceof RexCallBinding)
        && binding.isOperandLiteral(ordinal, false);
  }

  /** NULL literals and parameters take the type the signature wants. */
  static boolean unknown(RelDataType type) {
    return type.getSqlTypeName() == SqlTypeName.NULL
        || type.getSqlTypeName() == SqlTypeName.UNKNOWN;
  }
}
