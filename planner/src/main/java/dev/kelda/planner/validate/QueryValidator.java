package dev.kelda.planner.validate;

import dev.kelda.parser.Positions;
import dev.kelda.parser.SqlAsofJoin;
import dev.kelda.planner.catalog.CatalogReader;
import dev.kelda.planner.encode.Types;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.UnboundParameterException;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.calcite.config.NullCollation;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.SqlBasicCall;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlDataTypeSpec;
import org.apache.calcite.sql.SqlDynamicParam;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlJoin;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlOperatorTable;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.SqlUtil;
import org.apache.calcite.sql.SqlWindow;
import org.apache.calcite.sql.fun.SqlQuantifyOperator;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.apache.calcite.sql.util.SqlBasicVisitor;
import org.apache.calcite.sql.validate.SqlValidatorImpl;
import org.apache.calcite.sql.validate.SqlValidatorScope;

/** Calcite's validator with our joins in time. */
public final class QueryValidator extends SqlValidatorImpl {
  private static final Config CONFIG =
      Config.DEFAULT
          .withConformance(KeldaConformance.INSTANCE)
          .withDefaultNullCollation(NullCollation.LAST)
          .withLenientOperatorLookup(false)
          .withTypeCoercionEnabled(true)
          .withTypeCoercionFactory(KeldaTypeCoercion::new)
          .withIdentifierExpansion(true);

  private final Set<SqlNode> settling = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Map<Integer, RelDataType> settled = new HashMap<>();
  private final Map<Integer, RelDataType> assumed = new HashMap<>();
  private final CommonColumns commonColumns = new CommonColumns(this);
  private final Deque<SqlJoin> joins = new ArrayDeque<>(); // being validated, innermost first
  private final Map<SqlJoin, SqlNode> commonConditions = new IdentityHashMap<>();
  private Set<Integer> parameters = Set.of();

  /**
   * @param parameters types of parameters that are not to be inferred, by index
   */
  public QueryValidator(
      SqlOperatorTable operators,
      CatalogReader catalog,
      KeldaTypeFactory types,
      Map<Integer, Field> parameters) {
    super(operators, catalog, types, CONFIG);
    parameters.forEach((index, field) -> settled.put(index, Types.toSql(types, field)));
  }

  @Override
  public SqlNode validate(SqlNode query) {
    parameters = ParameterTypes.indexesIn(query);
    return super.validate(query);
  }

  /** The parameters that would be of any type, by their indexes; after validation. */
  public Set<Integer> openParameters() {
    return parameters.stream()
        .filter(index -> !settled.containsKey(index))
        .collect(Collectors.toUnmodifiableSet());
  }

  /** The parameters of a call have their types before anything asks for the type of the call. */
  @Override
  public RelDataType deriveType(SqlValidatorScope scope, SqlNode node) {
    if (node.getKind() == SqlKind.DEFAULT) {
      throw ValidationErrors.at(
          ErrorCode.INVALID_STATEMENT,
          "DEFAULT is a whole value of an INSERT, UPDATE or MERGE, nothing else",
          node);
    }
    if (node instanceof SqlCall call
        && call.getOperator() instanceof SqlQuantifyOperator quantified
        && call.operand(0).getKind() == SqlKind.ROW
        && !isMembership(quantified)) {
      throw ValidationErrors.at(
          ErrorCode.NOT_SUPPORTED,
          "rows are compared with a sub-query by IN, = ANY, NOT IN and <> ALL, nothing else",
          node);
    }
    if (node instanceof SqlDynamicParam parameter) {
      boolean known =
          settled.containsKey(parameter.getIndex()) || assumed.containsKey(parameter.getIndex());
      if (known) {
        setType(node, typeOf(parameter));
        return typeOf(parameter);
      }
    }
    settleWithin(scope, node);
    if (node instanceof SqlBasicCall call && isNestedAsText(scope, call)) {
      call.setOperator(KeldaOperators.CAST_AS_TEXT);
    }
    if (node.getKind() == SqlKind.ARRAY_VALUE_CONSTRUCTOR) {
      requireSameFields(scope, (SqlCall) node);
    }
    return super.deriveType(scope, node);
  }

  /** Calcite lets structs meet by the places of their fields, whatever these are called. */
  private void requireSameFields(SqlValidatorScope scope, SqlCall array) {
    Set<String> first = Set.of();
    for (SqlNode element : array.getOperandList()) {
      RelDataType type = deriveType(scope, element);
      if (!type.isStruct() || type.getFieldNames().stream().allMatch(SqlUtil::isGeneratedAlias)) {
        continue;
      }
      Set<String> names = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
      names.addAll(type.getFieldNames());
      if (!first.isEmpty() && !first.equals(names)) {
        throw ValidationErrors.at(
            ErrorCode.TYPE_MISMATCH,
            "the structs of a list have the same fields, not %s and %s".formatted(first, names),
            element);
      }
      first = names;
    }
  }

  private boolean isNestedAsText(SqlValidatorScope scope, SqlCall call) {
    if ((call.getKind() != SqlKind.CAST && call.getKind() != SqlKind.SAFE_CAST)
        || call.getOperator() == KeldaOperators.CAST_AS_TEXT
        || call.operand(0) instanceof SqlDynamicParam
        || !(call.operand(1) instanceof SqlDataTypeSpec to)
        || !SqlTypeUtil.isCharacter(to.deriveType(this))) {
      return false;
    }
    RelDataType from = deriveType(scope, call.operand(0));
    return from.isStruct() || SqlTypeUtil.isCollection(from) || SqlTypeUtil.isMap(from);
  }

  private static boolean isMembership(SqlQuantifyOperator operator) {
    return operator.kind == SqlKind.SOME
        ? operator.comparisonKind == SqlKind.EQUALS
        : operator.comparisonKind == SqlKind.NOT_EQUALS;
  }

  private void settleWithin(SqlValidatorScope scope, SqlNode node) {
    if (!parameters.isEmpty() && node instanceof SqlCall call && settling.add(call)) {
      new ParameterTypes(this, scope).settle(call);
    }
  }

  @Override
  protected void validateJoin(SqlJoin join, SqlValidatorScope scope) {
    joins.push(join);
    super.validateJoin(join, scope);
    SqlValidatorScope within = getJoinScope(join);
    commonColumns
        .condition(join)
        .ifPresent(
            written -> {
              SqlNode condition = expand(written, within);
              validateWhereOrOn(within, condition, "USING");
              commonConditions.put(join, condition);
            });
    if (join instanceof SqlAsofJoin asof) {
      validateTime(asof, within);
    }
    joins.pop();
  }

  /** What USING or NATURAL compares, where it is more than a column of each side. */
  Optional<SqlNode> commonCondition(SqlJoin join) {
    return Optional.ofNullable(commonConditions.get(join));
  }

  @Override
  public SqlNode expand(SqlNode node, SqlValidatorScope scope) {
    SqlJoin join = joins.peek();
    return super.expand(
        join != null && scope == getJoinScope(join) ? commonColumns.qualified(node, join) : node,
        scope);
  }

  /** The first thing after FROM. */
  @Override
  protected void validateWhereClause(SqlSelect select) {
    commonColumns.qualify(select);
    super.validateWhereClause(select);
  }

  private void validateTime(SqlAsofJoin join, SqlValidatorScope scope) {
    refuseSubQueries(join.matchCondition());
    SqlNode match = expand(join.matchCondition(), scope);
    join.setOperand(6, match);
    if (join.ofTimeline()) {
      validateInstant((SqlCall) match, scope);
    }
    validateWhereOrOn(scope, match, "MATCH_CONDITION");
    if (!SqlKind.ORDER_COMPARISON.contains(match.getKind())) {
      throw ValidationErrors.at(
          ErrorCode.INVALID_STATEMENT, "MATCH_CONDITION must be one of >=, >, <= and <", match);
    }
    join.tolerance().ifPresent(t -> validateTolerance(join, t, match, scope));
    join.knownAt()
        .ifPresent(
            known -> {
              SqlNode expanded = expand(known, scope);
              join.setOperand(8, expanded);
              expanded.validate(this, scope);
              deriveType(scope, expanded);
            });
  }

  private void validateInstant(SqlCall match, SqlValidatorScope scope) {
    RelDataType instant = deriveType(scope, match.operand(0));
    RelDataType event = deriveType(scope, match.operand(1));
    boolean fits =
        SqlTypeUtil.isNumeric(event)
            ? SqlTypeUtil.isNumeric(instant)
            : SqlTypeUtil.isDatetime(event) && SqlTypeUtil.isDatetime(instant);
    if (!fits) {
      throw ValidationErrors.at(
          ErrorCode.TYPE_MISMATCH,
          "AS OF takes what can be compared with the table's event time of type %s, not a value of type %s"
              .formatted(event, instant),
          match.operand(0));
    }
  }

  private void validateTolerance(
      SqlAsofJoin join, SqlNode tolerance, SqlNode match, SqlValidatorScope scope) {
    requireValues(tolerance);
    refuseSubQueries(tolerance);
    SqlNode expanded = expand(tolerance, scope);
    join.setOperand(7, expanded);
    expanded.validate(this, scope);
    RelDataType type = deriveType(scope, expanded);
    RelDataType time = deriveType(scope, ((SqlCall) match).operand(0));
    boolean fits =
        SqlTypeUtil.isNumeric(time) ? SqlTypeUtil.isNumeric(type) : SqlTypeUtil.isInterval(type);
    if (!fits) {
      throw ValidationErrors.at(
          ErrorCode.TYPE_MISMATCH,
          "TOLERANCE of type %s does not fit times of type %s".formatted(type, time),
          expanded);
    }
  }

  @Override
  public void validateAggregateParams(
      SqlCall call,
      SqlNode filter,
      SqlNodeList distinct,
      SqlNodeList order,
      SqlValidatorScope scope) {
    if (!call.getOperator().getOperandCountRange().isValidCount(call.operandCount())) {
      throw ValidationErrors.at(
          ErrorCode.TYPE_MISMATCH,
          "%s does not take %d arguments"
              .formatted(call.getOperator().getName(), call.operandCount()),
          call);
    }
    super.validateAggregateParams(call, filter, distinct, order, scope);
    OuterAggregates.refuse(call, scope);
  }

  /** What stands beside a parameter says its type; of which nothing is known is a text. */
  @Override
  protected void inferUnknownTypes(RelDataType inferred, SqlValidatorScope scope, SqlNode node) {
    boolean unknown =
        inferred.getSqlTypeName() == SqlTypeName.UNKNOWN
            || inferred.getSqlTypeName() == SqlTypeName.ANY;
    if (!(node instanceof SqlDynamicParam parameter)) {
      settleWithin(scope, node);
      super.inferUnknownTypes(inferred, scope, node);
    } else if (settled.containsKey(parameter.getIndex())) {
      setType(parameter, settled.get(parameter.getIndex()));
    } else if (!unknown) {
      assume(parameter, inferred);
    } else {
      setType(node, typeOf(parameter));
    }
  }

  /** The type of a parameter, once and for all: rewriting may have put copies of it elsewhere. */
  void settle(SqlDynamicParam parameter, RelDataType type) {
    settled.putIfAbsent(parameter.getIndex(), typeFactory.createTypeWithNullability(type, true));
    setType(parameter, settled.get(parameter.getIndex()));
  }

  /** A type for planning alone: that of the value, once there is one, may be another. */
  void assume(SqlDynamicParam parameter, RelDataType type) {
    assumed.putIfAbsent(parameter.getIndex(), typeFactory.createTypeWithNullability(type, true));
    setType(parameter, typeOf(parameter));
  }

  boolean isSettled(SqlDynamicParam parameter) {
    return settled.containsKey(parameter.getIndex());
  }

  @Override
  protected void validateValues(SqlCall values, RelDataType target, SqlValidatorScope scope) {
    if (ParameterTypes.anyIn(values)) {
      new ParameterTypes(this, scope).settleRows(values);
    }
    super.validateValues(values, target, scope);
  }

  @Override
  protected void validateUnnest(SqlCall call, SqlValidatorScope scope, RelDataType target) {
    for (SqlNode operand : call.getOperandList()) {
      boolean bare = operand instanceof SqlDynamicParam;
      inferUnknownTypes(
          bare ? typeFactory.createArrayType(text(), -1) : unknownType, scope, operand);
    }
    super.validateUnnest(call, scope, target);
  }

  @Override
  public RelDataType getValidatedNodeTypeIfKnown(SqlNode node) {
    return node instanceof SqlDynamicParam parameter
        ? typeOf(parameter)
        : super.getValidatedNodeTypeIfKnown(node);
  }

  private RelDataType typeOf(SqlDynamicParam parameter) {
    RelDataType type =
        settled.getOrDefault(parameter.getIndex(), assumed.get(parameter.getIndex()));
    return type == null ? text() : type;
  }

  private RelDataType text() {
    return typeFactory.createTypeWithNullability(
        typeFactory.createSqlType(SqlTypeName.VARCHAR), true);
  }

  /** Calcite loses the frame of a window that builds on a named one. */
  @Override
  public SqlWindow resolveWindow(SqlNode windowOrName, SqlValidatorScope scope) {
    SqlWindow resolved = super.resolveWindow(windowOrName, scope);
    if (!parameters.isEmpty()) {
      new ParameterTypes(this, scope).settleFrame(resolved);
    }
    SqlWindow given =
        windowOrName instanceof SqlIdentifier name
            ? scope.lookupWindow(name.getSimple())
            : (SqlWindow) windowOrName;
    boolean lost =
        resolved != given && given.getLowerBound() != null && resolved.getLowerBound() == null;
    if (!lost) {
      return resolved;
    }
    return SqlWindow.create(
        null,
        null,
        resolved.getPartitionList(),
        resolved.getOrderList(),
        SqlLiteral.createBoolean(given.isRows(), given.getParserPosition()),
        given.getLowerBound(),
        given.getUpperBound(),
        null,
        given.getExclude(),
        given.getParserPosition());
  }

  /** For a node made after validation in the place of a validated one. */
  void setType(SqlNode node, RelDataType type) {
    setValidatedNodeType(node, type);
  }

  private static void requireValues(SqlNode constant) {
    constant.accept(
        new SqlBasicVisitor<Void>() {
          @Override
          public Void visit(SqlDynamicParam parameter) {
            throw new UnboundParameterException(
                parameter.getIndex(), Positions.start(parameter.getParserPosition()));
          }
        });
  }

  private static void refuseSubQueries(SqlNode node) {
    node.accept(
        new SqlBasicVisitor<Void>() {
          @Override
          public Void visit(SqlCall call) {
            if (call.isA(SqlKind.QUERY)) {
              throw ValidationErrors.at(
                  ErrorCode.NOT_SUPPORTED,
                  "a sub-query cannot stand in MATCH_CONDITION or TOLERANCE; join it in FROM",
                  call);
            }
            return super.visit(call);
          }
        });
  }
}
