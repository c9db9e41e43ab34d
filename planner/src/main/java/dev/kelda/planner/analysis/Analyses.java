package dev.kelda.planner.analysis;

import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.spi.extension.EngineServices.NamedTable;
import dev.kelda.spi.extension.QueryAnalysis;
import java.util.List;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.sql.SqlNode;

/** Puts together what is said of a query. */
public final class Analyses {
  private Analyses() {}

  /**
   * @param views the queries, validated, of the views that it reads
   * @param converted of the validated query, nothing optimised
   * @param catalog what resolved its names
   */
  public static QueryAnalysis of(
      SqlNode validated,
      List<SqlNode> views,
      RelNode converted,
      Schema rows,
      List<Field> parameters,
      CatalogSnapshot catalog) {
    return new QueryAnalysis(
        rows,
        parameters,
        catalog.resolved().stream()
            .filter(table -> !table.catalog().equals(CatalogSnapshot.NO_CATALOG))
            .map(table -> named(table, catalog))
            .toList(),
        Lineage.of(converted),
        Growths.of(converted, catalog),
        UnstableCalls.of(validated, views, converted));
  }

  /** What has no name of its own, such as a table as it was, is in no schema. */
  private static NamedTable named(TableReference table, CatalogSnapshot catalog) {
    return catalog
        .syntheticKey(table)
        .map(key -> new NamedTable(table.catalog(), "", key, table.table()))
        .orElseGet(
            () -> new NamedTable(table.catalog(), table.schema(), table.name(), table.table()));
  }
}
