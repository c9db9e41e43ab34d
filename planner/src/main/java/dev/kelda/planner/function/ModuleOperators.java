package dev.kelda.planner.function;

import dev.kelda.planner.catalog.CatalogSnapshot;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.calcite.sql.SqlFunctionCategory;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.SqlOperatorTable;
import org.apache.calcite.sql.SqlSyntax;
import org.apache.calcite.sql.validate.SqlNameMatcher;

/** An operator table with the modules' functions behind its own; for one planning run. */
public final class ModuleOperators implements SqlOperatorTable {
  private final SqlOperatorTable table;
  private final Map<String, ModuleFunction> byName = new HashMap<>();

  private ModuleOperators(SqlOperatorTable table, CatalogSnapshot catalog) {
    this.table = table;
    catalog
        .catalogs()
        .functions()
        .scalar()
        .forEach(f -> f.names().forEach(n -> byName.put(n, new ModuleFunction(f, n, catalog))));
  }

  public static SqlOperatorTable in(SqlOperatorTable table, CatalogSnapshot catalog) {
    return catalog.catalogs().functions().scalar().isEmpty()
        ? table
        : new ModuleOperators(table, catalog);
  }

  @Override
  public void lookupOperatorOverloads(
      SqlIdentifier name,
      SqlFunctionCategory category,
      SqlSyntax syntax,
      List<SqlOperator> found,
      SqlNameMatcher matcher) {
    int before = found.size();
    table.lookupOperatorOverloads(name, category, syntax, found, matcher);
    boolean inFrom = category != null && category.isTableFunction();
    if (found.size() == before && syntax.family == SqlSyntax.FUNCTION && !inFrom) {
      ModuleFunction function = byName.get(String.join(".", name.names).toUpperCase(Locale.ROOT));
      if (function != null) {
        found.add(function);
      }
    }
  }

  @Override
  public List<SqlOperator> getOperatorList() {
    return Stream.concat(table.getOperatorList().stream(), byName.values().stream()).toList();
  }
}
