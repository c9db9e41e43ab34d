package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.ColumnTransform;
import dev.kelda.spi.connector.SortKey;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.List;
import org.apache.iceberg.NullOrder;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.SortDirection;
import org.apache.iceberg.SortOrder;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.expressions.Term;
import org.apache.iceberg.types.Types;

/** Partition specs and sort orders of what SQL says. Columns are found whatever their case. */
final class Layouts {
  private Layouts() {}

  /**
   * @throws KeldaException COLUMN_NOT_FOUND, or INVALID_ARGUMENT for a transform that the column's
   *     type does not have
   */
  static PartitionSpec spec(Schema schema, List<ColumnTransform> terms) {
    PartitionSpec.Builder spec = PartitionSpec.builderFor(schema);
    for (ColumnTransform term : terms) {
      String column = column(schema, term.column());
      switch (term.function()) {
        case IDENTITY -> spec.identity(column);
        case YEAR -> spec.year(column);
        case MONTH -> spec.month(column);
        case DAY -> spec.day(column);
        case HOUR -> spec.hour(column);
        case BUCKET -> spec.bucket(column, term.parameter());
        case TRUNCATE -> spec.truncate(column, term.parameter());
      }
    }
    return spec.build();
  }

  /**
   * @throws KeldaException as {@link #spec}
   */
  static SortOrder sortOrder(Schema schema, List<SortKey> keys) {
    SortOrder.Builder order = SortOrder.builderFor(schema);
    for (SortKey key : keys) {
      order.sortBy(
          term(schema, key.term()),
          key.ascending() ? SortDirection.ASC : SortDirection.DESC,
          key.nullsFirst() ? NullOrder.NULLS_FIRST : NullOrder.NULLS_LAST);
    }
    return order.build();
  }

  /** The transform as Iceberg's updates take it. */
  static Term term(Schema schema, ColumnTransform term) {
    String column = column(schema, term.column());
    return switch (term.function()) {
      case IDENTITY -> Expressions.ref(column);
      case YEAR -> Expressions.year(column);
      case MONTH -> Expressions.month(column);
      case DAY -> Expressions.day(column);
      case HOUR -> Expressions.hour(column);
      case BUCKET -> Expressions.bucket(column, term.parameter());
      case TRUNCATE -> Expressions.truncate(column, term.parameter());
    };
  }

  /** The column's full name, as the schema spells it. */
  static String column(Schema schema, List<String> path) {
    String name = String.join(".", path);
    Types.NestedField field = schema.findField(name);
    if (field == null) {
      field = schema.caseInsensitiveFindField(name);
    }
    if (field == null) {
      throw new KeldaException(
          ErrorCode.COLUMN_NOT_FOUND,
          "there is no column \""
              + name
              + "\"; the columns are "
              + schema.columns().stream().map(Types.NestedField::name).toList());
    }
    return schema.findColumnName(field.fieldId());
  }
}
