package dev.kelda.parser.grammar;

import static java.util.Map.entry;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.SqlBasicTypeNameSpec;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlTypeNameSpec;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.type.SqlTypeName;

/**
 * Type names, standard ones and those of PostgreSQL and DuckDB. None is a reserved word: a type is
 * found by name where the grammar expects one.
 */
final class TypeNames {
  private static final Map<String, SqlTypeName> TYPES =
      Map.ofEntries(
          entry("BOOLEAN", SqlTypeName.BOOLEAN),
          entry("BOOL", SqlTypeName.BOOLEAN),
          entry("TINYINT", SqlTypeName.TINYINT),
          entry("INT1", SqlTypeName.TINYINT),
          entry("SMALLINT", SqlTypeName.SMALLINT),
          entry("INT2", SqlTypeName.SMALLINT),
          entry("SHORT", SqlTypeName.SMALLINT),
          entry("INTEGER", SqlTypeName.INTEGER),
          entry("INT", SqlTypeName.INTEGER),
          entry("INT4", SqlTypeName.INTEGER),
          entry("SIGNED", SqlTypeName.INTEGER),
          entry("BIGINT", SqlTypeName.BIGINT),
          entry("INT8", SqlTypeName.BIGINT),
          entry("LONG", SqlTypeName.BIGINT),
          entry("HUGEINT", SqlTypeName.DECIMAL),
          entry("DECIMAL", SqlTypeName.DECIMAL),
          entry("NUMERIC", SqlTypeName.DECIMAL),
          entry("DEC", SqlTypeName.DECIMAL),
          entry("REAL", SqlTypeName.REAL),
          entry("FLOAT4", SqlTypeName.REAL),
          entry("FLOAT", SqlTypeName.FLOAT),
          entry("DOUBLE", SqlTypeName.DOUBLE),
          entry("FLOAT8", SqlTypeName.DOUBLE),
          entry("VARCHAR", SqlTypeName.VARCHAR),
          entry("TEXT", SqlTypeName.VARCHAR),
          entry("STRING", SqlTypeName.VARCHAR),
          entry("BPCHAR", SqlTypeName.VARCHAR),
          entry("CHAR", SqlTypeName.CHAR),
          entry("CHARACTER", SqlTypeName.CHAR),
          entry("VARBINARY", SqlTypeName.VARBINARY),
          entry("BYTEA", SqlTypeName.VARBINARY),
          entry("BLOB", SqlTypeName.VARBINARY),
          entry("BYTES", SqlTypeName.VARBINARY),
          entry("BINARY", SqlTypeName.BINARY),
          entry("DATE", SqlTypeName.DATE),
          entry("TIME", SqlTypeName.TIME),
          entry("TIMESTAMP", SqlTypeName.TIMESTAMP),
          entry("DATETIME", SqlTypeName.TIMESTAMP),
          entry("TIMESTAMP_NS", SqlTypeName.TIMESTAMP),
          entry("TIMESTAMP_US", SqlTypeName.TIMESTAMP),
          entry("TIMESTAMP_MS", SqlTypeName.TIMESTAMP),
          entry("TIMESTAMP_S", SqlTypeName.TIMESTAMP),
          entry("TIMESTAMPTZ", SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE),
          entry("UUID", SqlTypeName.UUID),
          entry("VARIANT", SqlTypeName.VARIANT),
          entry("ANY", SqlTypeName.ANY));

  private static final int NANOSECONDS = 9;
  private static final int MAX_PRECISION = 38;

  private TypeNames() {}

  static boolean isKnown(Token token) {
    return token.kind == KeldaParserImplConstants.IDENTIFIER && TYPES.containsKey(upper(token));
  }

  /** DOUBLE PRECISION, CHARACTER VARYING, BINARY VARYING, CHAR VARYING. */
  static boolean isSecondWord(Token first, Token second) {
    if (second.kind != KeldaParserImplConstants.IDENTIFIER) {
      return false;
    }
    return switch (upper(first)) {
      case "DOUBLE" -> upper(second).equals("PRECISION");
      case "CHARACTER", "CHAR", "BINARY" -> upper(second).equals("VARYING");
      default -> false;
    };
  }

  /**
   * @param varying the name had the second word VARYING
   * @param zoned WITH TIME ZONE was written: an instant, whichever the spelling
   */
  static SqlTypeNameSpec spec(
      String name,
      boolean varying,
      int precision,
      int scale,
      boolean zoned,
      SqlParserPos position) {
    String upper = name.toUpperCase(Locale.ROOT);
    SqlTypeName type = TYPES.get(upper);
    if (varying) {
      type = type == SqlTypeName.CHAR ? SqlTypeName.VARCHAR : SqlTypeName.VARBINARY;
    }
    if (zoned) {
      type = withTimeZone(type, name, position);
    }
    boolean given = precision != RelDataType.PRECISION_NOT_SPECIFIED;
    if (given && !type.allowsPrec()) {
      throw error(name + " takes no length or precision", position);
    }
    if (scale != RelDataType.SCALE_NOT_SPECIFIED && type != SqlTypeName.DECIMAL) {
      throw error(name + " takes no scale", position);
    }
    return switch (upper) {
      case "HUGEINT" -> new SqlBasicTypeNameSpec(type, MAX_PRECISION, 0, position);
      case "TIMESTAMP_NS" -> new SqlBasicTypeNameSpec(type, NANOSECONDS, position);
      default -> new SqlBasicTypeNameSpec(type, precision, scale, position);
    };
  }

  static SqlTypeNameSpec unknown(SqlIdentifier name) {
    String near =
        TYPES.keySet().stream()
            .filter(type -> type.charAt(0) == Character.toUpperCase(name.toString().charAt(0)))
            .sorted()
            .min(Comparator.comparingInt(type -> distance(type, name)))
            .filter(type -> distance(type, name) <= 2)
            .map(type -> "; did you mean " + type + "?")
            .orElse("");
    throw new KeldaException(
        ErrorCode.TYPE_MISMATCH,
        "there is no type \"" + name + "\"" + near,
        Nodes.position(name.getParserPosition()));
  }

  private static int distance(String type, SqlIdentifier name) {
    return EditDistance.between(type, name.toString().toUpperCase(Locale.ROOT));
  }

  private static SqlTypeName withTimeZone(SqlTypeName type, String name, SqlParserPos position) {
    if (type == SqlTypeName.TIMESTAMP || type == SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE) {
      return SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE;
    }
    if (type == SqlTypeName.TIME) {
      throw Nodes.notSupported("TIME WITH TIME ZONE", position);
    }
    throw error(name + " takes no time zone", position);
  }

  private static KeldaException error(String message, SqlParserPos position) {
    return new KeldaException(ErrorCode.SYNTAX_ERROR, message, Nodes.position(position));
  }

  private static String upper(Token token) {
    return token.image.toUpperCase(Locale.ROOT);
  }
}
