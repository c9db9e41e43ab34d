package dev.kelda.executor.statement;

import dev.kelda.spi.rows.Columns;
import dev.kelda.spi.rows.TypeNames;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/** Columns as DESCRIBE and SHOW COLUMNS list them. */
final class ColumnRows {
  static final Columns<Field> COLUMNS =
      Columns.of(Field.class)
          .text("column_name", Field::getName)
          .text("data_type", TypeNames::of)
          .text("nullable", field -> field.isNullable() ? "YES" : "NO")
          .optionalText("comment", ColumnRows::comment);

  private ColumnRows() {}

  static List<Field> of(Schema schema) {
    return schema.getFields();
  }

  private static Optional<String> comment(Field field) {
    return Optional.ofNullable(field.getMetadata().get("comment"));
  }
}
