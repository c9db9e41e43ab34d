package dev.kelda.spi.error;

/**
 * Every error Kelda reports: who is to blame, and the SQLSTATE that JDBC and Flight clients see.
 */
public enum ErrorCode {
  SYNTAX_ERROR(Type.USER, "42601"),
  COLUMN_NOT_FOUND(Type.USER, "42703"),
  AMBIGUOUS_NAME(Type.USER, "42702"),
  TABLE_NOT_FOUND(Type.USER, "42P01"),
  SCHEMA_NOT_FOUND(Type.USER, "3F000"),
  CATALOG_NOT_FOUND(Type.USER, "3D000"),
  FUNCTION_NOT_FOUND(Type.USER, "42883"),
  SETTING_NOT_FOUND(Type.USER, "42704"),
  MODEL_NOT_FOUND(Type.USER, "42704"),
  MODEL_EXISTS(Type.USER, "42710"),
  INDEX_NOT_FOUND(Type.USER, "42704"),
  INDEX_EXISTS(Type.USER, "42710"),
  TABLE_EXISTS(Type.USER, "42P07"),
  SCHEMA_EXISTS(Type.USER, "42P06"),
  SCHEMA_NOT_EMPTY(Type.USER, "2BP01"),
  TYPE_MISMATCH(Type.USER, "42804"),
  INVALID_ARGUMENT(Type.USER, "22023"),
  INVALID_CAST(Type.USER, "22018"),
  NUMBER_OUT_OF_RANGE(Type.USER, "22003"),
  DIVISION_BY_ZERO(Type.USER, "22012"),
  MORE_THAN_ONE_ROW(Type.USER, "21000"),
  WRONG_PARAMETERS(Type.USER, "07001"),
  INVALID_STATEMENT(Type.USER, "42000"),
  NOT_SUPPORTED(Type.USER, "0A000"),
  STATEMENT_TOO_COMPLEX(Type.USER, "54001"),
  INVALID_FILE(Type.USER, "22P04"),
  INVALID_CONFIGURATION(Type.USER, "F0000"),
  ACCESS_DENIED(Type.USER, "42501"),
  AUTHENTICATION_FAILED(Type.USER, "28000"),
  INVALID_TICKET(Type.USER, "08P01"),
  QUERY_NOT_FOUND(Type.USER, "42704"),
  CANCELLED(Type.USER, "57014"),
  COMMIT_CONFLICT(Type.USER, "40001"),

  MEMORY_LIMIT_EXCEEDED(Type.RESOURCES, "53200"),
  SPILL_LIMIT_EXCEEDED(Type.RESOURCES, "53100"),
  DISK_FULL(Type.RESOURCES, "53100"),
  TIMEOUT(Type.RESOURCES, "57014"),
  TOO_MANY_REQUESTS(Type.RESOURCES, "53300"),
  SHUTTING_DOWN(Type.RESOURCES, "57P01"),

  FILE_NOT_FOUND(Type.EXTERNAL, "58P01"),
  STORAGE_ERROR(Type.EXTERNAL, "58030"),
  CATALOG_ERROR(Type.EXTERNAL, "58000"),
  REMOTE_SOURCE_ERROR(Type.EXTERNAL, "HV000"),
  COMMIT_STATE_UNKNOWN(Type.EXTERNAL, "40003"),

  INTERNAL_ERROR(Type.INTERNAL, "XX000");

  /** Who is to blame. */
  public enum Type {
    USER,
    INTERNAL,
    RESOURCES,
    EXTERNAL
  }

  private final Type type;
  private final String sqlState;

  ErrorCode(Type type, String sqlState) {
    this.type = type;
    this.sqlState = sqlState;
  }

  public Type type() {
    return type;
  }

  /** Five characters, as in the SQL standard and PostgreSQL. */
  public String sqlState() {
    return sqlState;
  }
}
