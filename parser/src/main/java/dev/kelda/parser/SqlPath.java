package dev.kelda.parser;

import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/**
 * A path that stands where a table's name would: {@code FROM 'data/x.parquet'}. Its one name is the
 * text of the literal. To Calcite it is a plain identifier of one part; the planner recognises the
 * class, or lets its catalog look the name up as a path.
 */
public final class SqlPath extends SqlIdentifier {
  public SqlPath(String path, SqlParserPos position) {
    super(path, position);
  }

  public String path() {
    return names.getFirst();
  }

  @Override
  public SqlNode clone(SqlParserPos position) {
    return new SqlPath(path(), position);
  }
}
