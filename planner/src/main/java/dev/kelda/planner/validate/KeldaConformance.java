package dev.kelda.planner.validate;

import org.apache.calcite.sql.validate.SqlConformanceEnum;
import org.apache.calcite.sql.validate.SqlDelegatingConformance;

/** As lenient as Calcite goes, save that every selected column must be grouped or aggregated. */
final class KeldaConformance extends SqlDelegatingConformance {
  static final KeldaConformance INSTANCE = new KeldaConformance();

  private KeldaConformance() {
    super(SqlConformanceEnum.BABEL);
  }

  @Override
  public boolean isNonStrictGroupBy() {
    return false;
  }

  /** A later select item may use the alias of an earlier one; columns win. */
  @Override
  public SelectAliasLookup isSelectAlias() {
    return SelectAliasLookup.LEFT_TO_RIGHT;
  }

  @Override
  public boolean allowGeometry() {
    return false;
  }

  @Override
  public boolean checkedArithmetic() {
    return false;
  }
}
