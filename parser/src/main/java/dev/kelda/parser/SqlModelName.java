package dev.kelda.parser;

import java.util.List;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** {@code MODEL m} as an argument of a function in FROM; to Calcite a plain identifier. */
public final class SqlModelName extends SqlIdentifier {
  public SqlModelName(List<String> names, SqlParserPos position) {
    super(names, position);
  }

  @Override
  public SqlNode clone(SqlParserPos position) {
    return new SqlModelName(names, position);
  }
}
