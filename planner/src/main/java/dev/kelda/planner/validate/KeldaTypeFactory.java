package dev.kelda.planner.validate;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.calcite.avatica.util.TimeUnit;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.SqlIntervalQualifier;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.type.SqlTypeFactoryImpl;
import org.apache.calcite.sql.type.SqlTypeMappingRule;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;

/**
 * SQL's many spellings brought to the few types that exist: CHAR(n) and VARCHAR(n) are VARCHAR,
 * BINARY(n) is VARBINARY, FLOAT is REAL, every zoned timestamp is one type, and datetimes have
 * precision 6 or 9.
 */
public final class KeldaTypeFactory extends SqlTypeFactoryImpl {
  private static final int NO_PRECISION = RelDataType.PRECISION_NOT_SPECIFIED;

  public KeldaTypeFactory() {
    super(KeldaTypeSystem.INSTANCE);
  }

  @Override
  public Charset getDefaultCharset() {
    return StandardCharsets.UTF_8;
  }

  @Override
  public RelDataType createSqlType(SqlTypeName name) {
    return switch (name) {
      case CHAR, VARCHAR -> super.createSqlType(SqlTypeName.VARCHAR, NO_PRECISION);
      case BINARY, VARBINARY -> super.createSqlType(SqlTypeName.VARBINARY, NO_PRECISION);
      case FLOAT, REAL -> super.createSqlType(SqlTypeName.REAL, NO_PRECISION);
      case TIMESTAMP, TIME -> super.createSqlType(name, 6);
      case TIMESTAMP_TZ, TIMESTAMP_WITH_LOCAL_TIME_ZONE ->
          super.createSqlType(SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE, 6);
      case DECIMAL -> super.createSqlType(name, 18, 3);
      // Calcite's own rules for it end in an internal error.
      case VARIANT ->
          throw new KeldaException(ErrorCode.NOT_SUPPORTED, "type VARIANT is not supported");
      default -> super.createSqlType(name);
    };
  }

  @Override
  public RelDataType createSqlType(SqlTypeName name, int precision) {
    return switch (name) {
      case TIMESTAMP -> super.createSqlType(name, precision > 6 ? 9 : 6);
      case TIMESTAMP_TZ, TIMESTAMP_WITH_LOCAL_TIME_ZONE ->
          super.createSqlType(SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE, precision > 6 ? 9 : 6);
      case CHAR, VARCHAR, BINARY, VARBINARY, FLOAT, TIME -> createSqlType(name);
      case DECIMAL -> precision < 0 ? createSqlType(name) : super.createSqlType(name, precision, 0);
      default -> super.createSqlType(name, precision);
    };
  }

  @Override
  public RelDataType createTypeWithCharsetAndCollation(
      RelDataType type, Charset charset, org.apache.calcite.sql.SqlCollation collation) {
    return super.createTypeWithCharsetAndCollation(
        type, StandardCharsets.UTF_8, org.apache.calcite.sql.SqlCollation.IMPLICIT);
  }

  /**
   * Datetimes of several kinds are brought to the one that holds them all, a TIME to none: Calcite
   * would take the first.
   */
  @Override
  public RelDataType leastRestrictive(List<RelDataType> types, SqlTypeMappingRule rule) {
    List<RelDataType> datetimes = types.stream().filter(SqlTypeUtil::isDatetime).toList();
    List<SqlTypeName> kinds =
        datetimes.stream().map(RelDataType::getSqlTypeName).distinct().sorted().toList();
    if (kinds.size() < 2) {
      return super.leastRestrictive(types, rule);
    }
    if (kinds.contains(SqlTypeName.TIME)) {
      return null;
    }
    int precision = datetimes.stream().mapToInt(RelDataType::getPrecision).max().orElse(0);
    RelDataType widest = createSqlType(kinds.getLast(), precision);
    List<RelDataType> alike =
        types.stream()
            .map(
                t ->
                    SqlTypeUtil.isDatetime(t)
                        ? createTypeWithNullability(widest, t.isNullable())
                        : t)
            .toList();
    return super.leastRestrictive(alike, rule);
  }

  @Override
  public RelDataType createTypeWithNullability(RelDataType type, boolean nullable) {
    return type instanceof FixedSizeArrayType fixed
        ? withNullability(fixed, nullable)
        : super.createTypeWithNullability(type, nullable);
  }

  /** As Calcite asks for the type of a row's field. */
  @Override
  public RelDataType enforceTypeWithNullability(RelDataType type, boolean nullable) {
    return type instanceof FixedSizeArrayType fixed
        ? withNullability(fixed, nullable)
        : super.enforceTypeWithNullability(type, nullable);
  }

  private RelDataType withNullability(FixedSizeArrayType type, boolean nullable) {
    return type.isNullable() == nullable
        ? type
        : canonize(new FixedSizeArrayType(type.getComponentType(), type.size(), nullable));
  }

  public RelDataType createFixedBinary(int width) {
    return super.createSqlType(SqlTypeName.BINARY, width);
  }

  public RelDataType createFixedSizeArray(RelDataType element, int size) {
    return canonize(new FixedSizeArrayType(element, size, false));
  }

  public RelDataType createInterval(boolean yearMonth) {
    return createSqlIntervalType(
        yearMonth
            ? new SqlIntervalQualifier(TimeUnit.YEAR, TimeUnit.MONTH, SqlParserPos.ZERO)
            : new SqlIntervalQualifier(TimeUnit.DAY, TimeUnit.SECOND, SqlParserPos.ZERO));
  }
}
