package dev.kelda.planner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.kelda.spi.error.KeldaException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TestPlanningErrors {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          SELECT o_orderkay FROM orders          | COLUMN_NOT_FOUND: there is no column "o_orderkay"; did you mean "o_orderkey"? (line 1, column 8)
          SELECT * FROM ordrs                    | TABLE_NOT_FOUND: there is no table "ordrs"; did you mean "orders"? (line 1, column 15)
          SELECT * FROM lake.mian.orders         | SCHEMA_NOT_FOUND: there is no table "lake.mian.orders": no schema "mian"; did you mean "main"? (line 1, column 15)
          SELECT * FROM lakee.main.orders        | CATALOG_NOT_FOUND: there is no table "lakee.main.orders": no catalog "lakee"; did you mean "lake"? (line 1, column 15)
          SELECT uper('a')                       | FUNCTION_NOT_FOUND: there is no function "uper"; did you mean "UPPER"? (line 1, column 8)
          SELECT * FROM read_parquett('a')       | FUNCTION_NOT_FOUND: there is no table function "read_parquett"; did you mean "READ_PARQUET"? (line 1, column 15)
          SELECT n_name FROM nation GROUP BY 1 HAVING n_comment = 'x' | INVALID_STATEMENT: Expression 'n_comment' is not being grouped (line 1, column 45)
          """)
  void describes(String sql, String expected) {
    KeldaException error = catchThrowableOfType(KeldaException.class, () -> Tpch.plan(sql));
    assertThat(error.describe()).isEqualTo(expected);
  }
}
