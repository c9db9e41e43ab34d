package dev.kelda.server.flight;

import java.util.List;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;

/** How the engine's Arrow types are named and measured for JDBC, ODBC and ADBC. */
final class SqlTypes {
  private SqlTypes() {}

  /** The name in SQL, without precision. */
  static String name(ArrowType type) {
    return switch (type) {
      case ArrowType.Null ignored -> "NULL";
      case ArrowType.Bool ignored -> "BOOLEAN";
      case ArrowType.Int i ->
          switch (i.getBitWidth()) {
            case 8 -> "TINYINT";
            case 16 -> "SMALLINT";
            case 32 -> "INTEGER";
            default -> "BIGINT";
          };
      case ArrowType.FloatingPoint f ->
          f.getPrecision() == FloatingPointPrecision.DOUBLE ? "DOUBLE" : "REAL";
      case ArrowType.Decimal ignored -> "DECIMAL";
      case ArrowType.Utf8 ignored -> "VARCHAR";
      case ArrowType.Binary ignored -> "VARBINARY";
      case ArrowType.FixedSizeBinary ignored -> "BINARY";
      case ArrowType.Date ignored -> "DATE";
      case ArrowType.Time ignored -> "TIME";
      case ArrowType.Timestamp t ->
          t.getTimezone() == null ? "TIMESTAMP" : "TIMESTAMP WITH LOCAL TIME ZONE";
      case ArrowType.Interval ignored -> "INTERVAL";
      case ArrowType.List ignored -> "ARRAY";
      case ArrowType.FixedSizeList ignored -> "ARRAY";
      case ArrowType.Struct ignored -> "ROW";
      case ArrowType.Map ignored -> "MAP";
      default -> type.toString();
    };
  }

  /** Digits or characters as JDBC counts them; 0 = not applicable. */
  static int precision(ArrowType type) {
    return switch (type) {
      case ArrowType.Bool ignored -> 1;
      case ArrowType.Int i ->
          switch (i.getBitWidth()) {
            case 8 -> 3;
            case 16 -> 5;
            case 32 -> 10;
            default -> 19;
          };
      case ArrowType.FloatingPoint f -> f.getPrecision() == FloatingPointPrecision.DOUBLE ? 15 : 7;
      case ArrowType.Decimal d -> d.getPrecision();
      case ArrowType.Utf8 ignored -> Integer.MAX_VALUE;
      case ArrowType.Binary ignored -> Integer.MAX_VALUE;
      case ArrowType.FixedSizeBinary b -> b.getByteWidth();
      case ArrowType.Date ignored -> 10;
      case ArrowType.Time ignored -> 15;
      case ArrowType.Timestamp ignored -> 29;
      default -> 0;
    };
  }

  /** Digits after the point. */
  static int scale(ArrowType type) {
    return switch (type) {
      case ArrowType.Decimal d -> d.getScale();
      case ArrowType.FloatingPoint f -> f.getPrecision() == FloatingPointPrecision.DOUBLE ? 15 : 7;
      case ArrowType.Time ignored -> 6;
      case ArrowType.Timestamp t ->
          t.getUnit() == org.apache.arrow.vector.types.TimeUnit.NANOSECOND ? 9 : 6;
      default -> 0;
    };
  }

  /** One row of GetXdbcTypeInfo; columns in its order. */
  static List<Object[]> typeInfo() {
    return List.of(
        row("BIT", -7, 1, null, null, List.of(), 3, null, null, null, -7, null, null),
        row("BOOLEAN", 16, 1, null, null, List.of(), 2, null, null, null, 16, null, null),
        row("TINYINT", -6, 3, null, null, List.of(), 2, false, 0, 0, -6, null, 10),
        row("BIGINT", -5, 19, null, null, List.of(), 2, false, 0, 0, -5, null, 10),
        row(
            "VARBINARY",
            -3,
            Integer.MAX_VALUE,
            "X'",
            "'",
            List.of(),
            2,
            null,
            null,
            null,
            -3,
            null,
            null),
        row(
            "BINARY",
            -2,
            Integer.MAX_VALUE,
            "X'",
            "'",
            List.of("length"),
            2,
            null,
            null,
            null,
            -2,
            null,
            null),
        row(
            "CHAR",
            1,
            Integer.MAX_VALUE,
            "'",
            "'",
            List.of("length"),
            3,
            null,
            null,
            null,
            1,
            null,
            null),
        row(
            "DECIMAL",
            3,
            38,
            null,
            null,
            List.of("precision", "scale"),
            2,
            false,
            0,
            38,
            3,
            null,
            10),
        row("INTEGER", 4, 10, null, null, List.of(), 2, false, 0, 0, 4, null, 10),
        row("SMALLINT", 5, 5, null, null, List.of(), 2, false, 0, 0, 5, null, 10),
        row("REAL", 7, 7, null, null, List.of(), 2, false, null, null, 7, null, 10),
        row("DOUBLE", 8, 15, null, null, List.of(), 2, false, null, null, 8, null, 10),
        row(
            "VARCHAR",
            12,
            Integer.MAX_VALUE,
            "'",
            "'",
            List.of(),
            3,
            null,
            null,
            null,
            12,
            null,
            null),
        row("DATE", 91, 10, "DATE '", "'", List.of(), 2, null, null, null, 9, 1, null),
        row("TIME", 92, 15, "TIME '", "'", List.of(), 2, null, 0, 6, 9, 2, null),
        row(
            "TIMESTAMP",
            93,
            29,
            "TIMESTAMP '",
            "'",
            List.of("precision"),
            2,
            null,
            0,
            9,
            9,
            3,
            null));
  }

  private static Object[] row(
      String name,
      int type,
      Integer size,
      String prefix,
      String suffix,
      List<String> parameters,
      int searchable,
      Boolean unsigned,
      Integer leastScale,
      Integer mostScale,
      int sqlType,
      Integer subcode,
      Integer radix) {
    return new Object[] {
      name,
      type,
      size,
      prefix,
      suffix,
      parameters,
      1,
      searchable == 3,
      searchable,
      unsigned,
      false,
      unsigned == null ? null : Boolean.FALSE,
      name,
      leastScale,
      mostScale,
      sqlType,
      subcode,
      radix,
      null
    };
  }
}
