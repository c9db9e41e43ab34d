package dev.kelda.planner.function;

import java.util.Locale;
import java.util.Optional;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.type.SqlTypeName;

/**
 * The type of a parameter or result in a {@link Signature}.
 *
 * <pre>
 * varchar, bigint, ...   that type; narrower types widen to it
 * text                   any type; cast to VARCHAR
 * any                    any type, as it is
 * T U K V                one type wherever the letter stands (least common type of the arguments)
 * N, I                   the same, numeric only, integers only
 * T[]                    an array of T
 * </pre>
 */
sealed interface TypePattern {
  record Named(Base base) implements TypePattern {}

  record Variable(char letter) implements TypePattern {
    boolean accepts(RelDataType type) {
      SqlTypeName name = type.getSqlTypeName();
      return switch (letter) {
        case 'N' -> SqlTypeName.NUMERIC_TYPES.contains(name) || name == SqlTypeName.NULL;
        case 'I' -> SqlTypeName.INT_TYPES.contains(name) || name == SqlTypeName.NULL;
        default -> true;
      };
    }
  }

  record ArrayOf(TypePattern element) implements TypePattern {}

  /** A result computed from the arguments, see {@link ResultRule}. */
  record Computed(ResultRule rule) implements TypePattern {}

  /** The types a signature can name. */
  enum Base {
    BOOLEAN(SqlTypeName.BOOLEAN),
    TINYINT(SqlTypeName.TINYINT),
    SMALLINT(SqlTypeName.SMALLINT),
    INTEGER(SqlTypeName.INTEGER),
    BIGINT(SqlTypeName.BIGINT),
    DECIMAL(SqlTypeName.DECIMAL),
    REAL(SqlTypeName.REAL),
    DOUBLE(SqlTypeName.DOUBLE),
    VARCHAR(SqlTypeName.VARCHAR),
    VARBINARY(SqlTypeName.VARBINARY),
    DATE(SqlTypeName.DATE),
    TIME(SqlTypeName.TIME),
    TIMESTAMP(SqlTypeName.TIMESTAMP),
    TIMESTAMPTZ(SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE),
    INTERVAL(SqlTypeName.INTERVAL_DAY_SECOND),
    TEXT(SqlTypeName.VARCHAR),
    ANY(SqlTypeName.ANY);

    private final SqlTypeName sqlType;

    Base(SqlTypeName sqlType) {
      this.sqlType = sqlType;
    }

    SqlTypeName sqlType() {
      return sqlType;
    }

    /** The base of an actual type; empty for arrays, maps and rows. */
    static Optional<Base> of(SqlTypeName type) {
      if (SqlTypeName.INTERVAL_TYPES.contains(type)) {
        return Optional.of(INTERVAL);
      }
      if (type == SqlTypeName.CHAR) {
        return Optional.of(VARCHAR);
      }
      if (type == SqlTypeName.BINARY) {
        return Optional.of(VARBINARY);
      }
      if (type == SqlTypeName.FLOAT) {
        return Optional.of(REAL);
      }
      if (type == SqlTypeName.TIMESTAMP_TZ) {
        return Optional.of(TIMESTAMPTZ);
      }
      for (Base base : values()) {
        if (base != TEXT && base != ANY && base.sqlType == type) {
          return Optional.of(base);
        }
      }
      return Optional.empty();
    }
  }

  static TypePattern parse(String text) {
    if (text.endsWith("[]")) {
      return new ArrayOf(parse(text.substring(0, text.length() - 2)));
    }
    if (text.length() == 1 && Character.isUpperCase(text.charAt(0))) {
      return new Variable(text.charAt(0));
    }
    if (text.startsWith("rule:")) {
      return new Computed(ResultRule.valueOf(text.substring(5).toUpperCase(Locale.ROOT)));
    }
    return new Named(Base.valueOf(text.toUpperCase(Locale.ROOT)));
  }
}
