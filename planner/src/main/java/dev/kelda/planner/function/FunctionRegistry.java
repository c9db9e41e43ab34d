package dev.kelda.planner.function;

import static java.util.Objects.requireNonNull;

import dev.kelda.planner.function.FunctionInfo.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.calcite.sql.SqlFunctionCategory;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.SqlOperatorTable;
import org.apache.calcite.sql.SqlSyntax;
import org.apache.calcite.sql.fun.SqlLibraryOperators;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.validate.SqlNameMatcher;

/**
 * Every function Kelda has, read once from {@code kelda/functions.yaml}. Immutable and thread-safe.
 *
 * <p>The operator table holds the registry's functions and, of Calcite's standard table, the
 * operators and special syntax plus those functions the registry names under {@code calcite}: a
 * function that is not in the registry does not exist. Names match whatever their case.
 */
public final class FunctionRegistry {
  private final List<FunctionInfo> functions;
  private final Map<String, List<SqlOperator>> byName = new LinkedHashMap<>();
  private final Map<String, List<SqlOperator>> namesakes =
      new HashMap<>(); // with special syntax too
  private final Map<SqlOperator, String> ids = new IdentityHashMap<>();
  private final SqlOperatorTable operators = new Table();

  private FunctionRegistry(List<FunctionInfo> functions) {
    this.functions = List.copyOf(functions);
    for (FunctionInfo function : functions) {
      for (String field : function.calcite()) {
        add(calcite(field), function);
      }
      if (function.calcite().isEmpty()) {
        for (String name : function.names()) {
          add(operator(function, name), function);
        }
      }
    }
  }

  /** The one registry of this process. */
  public static FunctionRegistry load() {
    return Holder.REGISTRY;
  }

  /** For Calcite's validator; nothing else needs to be chained to it. */
  public SqlOperatorTable operators() {
    return operators;
  }

  /** The plan.proto id of a function; empty for plain operators such as {@code +}. */
  public Optional<String> id(SqlOperator operator) {
    return Optional.ofNullable(ids.get(requireNonNull(operator, "operator is null")));
  }

  /** In the order of the registry file: by category. */
  public List<FunctionInfo> functions() {
    return functions;
  }

  /** Every name and alias, upper case: for "did you mean". */
  public List<String> names() {
    return functions.stream().flatMap(f -> f.names().stream()).distinct().sorted().toList();
  }

  private void add(SqlOperator operator, FunctionInfo function) {
    if (ids.put(operator, function.id()) != null) {
      throw new IllegalStateException("functions.yaml: " + operator + " stands there twice");
    }
    String name = upper(operator.getName());
    namesakes.computeIfAbsent(name, n -> new ArrayList<>()).add(operator);
    if (function.kind() != Kind.OPERATOR) {
      byName.computeIfAbsent(name, n -> new ArrayList<>()).add(operator);
    }
  }

  private static String upper(String name) {
    return name.toUpperCase(Locale.ROOT);
  }

  private static SqlOperator operator(FunctionInfo function, String name) {
    return switch (function.kind()) {
      case SCALAR -> RegisteredFunction.of(function, name);
      case AGGREGATE -> RegisteredAggregate.of(function, name);
      case WINDOW, OPERATOR ->
          throw new IllegalStateException(
              "functions.yaml: " + function.id() + " needs an operator of Calcite");
    };
  }

  /** The operator of a field of ours, else of SqlStdOperatorTable, else of SqlLibraryOperators. */
  private static SqlOperator calcite(String field) {
    for (Class<?> table :
        List.of(ConstantOperators.class, SqlStdOperatorTable.class, SqlLibraryOperators.class)) {
      try {
        return (SqlOperator) requireNonNull(table.getField(field).get(null));
      } catch (NoSuchFieldException e) {
        continue;
      } catch (IllegalAccessException e) {
        throw new IllegalStateException(e);
      }
    }
    throw new IllegalStateException("functions.yaml: Calcite has no operator " + field);
  }

  private final class Table implements SqlOperatorTable {
    @Override
    public void lookupOperatorOverloads(
        SqlIdentifier name,
        SqlFunctionCategory category,
        SqlSyntax syntax,
        List<SqlOperator> found,
        SqlNameMatcher matcher) {
      if (category != null && category.isTableFunction() || !name.isSimple()) {
        return;
      }
      if (calledByName(syntax)) {
        found.addAll(byName.getOrDefault(upper(name.getSimple()), List.of()));
      }
      List<SqlOperator> standard = new ArrayList<>();
      SqlStdOperatorTable.instance()
          .lookupOperatorOverloads(name, category, syntax, standard, matcher);
      standard.stream().filter(this::passes).forEach(found::add);
      if (!calledByName(syntax)) {
        namesakes.getOrDefault(upper(name.getSimple()), List.of()).stream()
            .filter(o -> o.getSyntax().family == syntax.family && !found.contains(o))
            .forEach(found::add);
      }
    }

    /** Plain operators and special syntax pass; what is called by name is the registry's. */
    private boolean passes(SqlOperator operator) {
      return !calledByName(operator.getSyntax());
    }

    private static boolean calledByName(SqlSyntax syntax) {
      return syntax.family == SqlSyntax.FUNCTION || syntax.family == SqlSyntax.FUNCTION_STAR;
    }

    @Override
    public List<SqlOperator> getOperatorList() {
      List<SqlOperator> all = new ArrayList<>();
      byName.values().forEach(all::addAll);
      SqlStdOperatorTable.instance().getOperatorList().stream()
          .filter(this::passes)
          .forEach(all::add);
      return List.copyOf(all);
    }
  }

  private static final class Holder {
    static final FunctionRegistry REGISTRY = new FunctionRegistry(RegistryFile.read());
  }
}
