package dev.kelda.ai.search;

import dev.kelda.spi.connector.AddressedTable;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Search.Measure;
import dev.kelda.spi.connector.TableFunction.Argument;
import dev.kelda.spi.connector.TableFunction.Call;
import dev.kelda.spi.connector.TableFunction.Kind;
import dev.kelda.spi.connector.TableFunction.Parameter;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The arguments that searches share. */
public final class SearchArguments {
  static final Parameter TABLE =
      new Parameter("search_table", Kind.RELATION, CanonicalTypes.NULL, true);
  static final Parameter COLUMNS =
      new Parameter("column_to_search", Kind.COLUMNS, CanonicalTypes.NULL, true);
  static final Parameter QUERY = new Parameter("query", Kind.EXPRESSION, CanonicalTypes.NULL, true);
  static final Parameter TOP_K =
      new Parameter("top_k", Kind.EXPRESSION, CanonicalTypes.NULL, false);

  private SearchArguments() {}

  static Argument.Relation table(Call call) {
    return call.argument(TABLE.name(), Argument.Relation.class).orElseThrow();
  }

  /** The table, when it is one whose rows can be found again. */
  static Optional<AddressedTable> addressed(Call call) {
    return addressed(table(call));
  }

  private static Optional<AddressedTable> addressed(Argument.Relation rows) {
    return rows.pinned().filter(AddressedTable.class::isInstance).map(AddressedTable.class::cast);
  }

  /**
   * @throws KeldaException NOT_SUPPORTED for rows that cannot be found again; what is wrong with
   *     the table, such as that there is none
   */
  static AddressedTable requireAddressed(Argument.Relation rows, String function) {
    return addressed(rows)
        .orElseThrow(
            () -> {
              rows.schema().get();
              return new KeldaException(
                  ErrorCode.NOT_SUPPORTED,
                  function + " searches Iceberg tables; CREATE TABLE … AS makes one");
            });
  }

  static List<String> columns(Call call) {
    return call.argument(COLUMNS.name(), Argument.Columns.class).orElseThrow().names();
  }

  static Argument.Expression query(Call call) {
    return call.argument(QUERY.name(), Argument.Expression.class).orElseThrow();
  }

  static Optional<Argument.Expression> count(Call call) {
    return call.argument(TOP_K.name(), Argument.Expression.class);
  }

  /** A constant that is given and not NULL. */
  static <T> Optional<T> constant(Call call, Parameter parameter, Class<T> type) {
    return call.argument(parameter.name(), Argument.Constant.class)
        .map(Argument.Constant::value)
        .flatMap(Scalar::value)
        .map(type::cast);
  }

  /**
   * @throws KeldaException INVALID_ARGUMENT for what is no distance
   */
  public static Measure measure(String name) {
    return switch (name.toUpperCase(Locale.ROOT)) {
      case "COSINE" -> Measure.COSINE;
      case "EUCLIDEAN", "L2" -> Measure.EUCLIDEAN;
      case "DOT_PRODUCT", "INNER_PRODUCT" -> Measure.DOT_PRODUCT;
      default ->
          throw new KeldaException(
              ErrorCode.INVALID_ARGUMENT,
              "distance_type must be COSINE, EUCLIDEAN or DOT_PRODUCT, not '" + name + "'");
    };
  }
}
