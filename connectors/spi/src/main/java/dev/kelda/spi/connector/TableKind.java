package dev.kelda.spi.connector;

/** As information_schema and JDBC name it. */
public enum TableKind {
  TABLE("BASE TABLE"),
  VIEW("VIEW"),
  SYSTEM_TABLE("SYSTEM TABLE");

  private final String sqlName;

  TableKind(String sqlName) {
    this.sqlName = sqlName;
  }

  /** The value of {@code information_schema.tables.table_type}. */
  public String sqlName() {
    return sqlName;
  }
}
