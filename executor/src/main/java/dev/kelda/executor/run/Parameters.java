package dev.kelda.executor.run;

import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/** The values a client sends for the {@code ?}s, and the types the planner inferred for them. */
public final class Parameters {
  private Parameters() {}

  /**
   * @throws KeldaException WRONG_PARAMETERS when their number differs; INVALID_CAST or
   *     NUMBER_OUT_OF_RANGE when a value does not fit its type
   */
  public static List<Scalar> coerce(List<Field> types, List<Scalar> given) {
    if (types.size() != given.size()) {
      throw new KeldaException(
          ErrorCode.WRONG_PARAMETERS,
          "the statement has %d parameters, %d values were given"
              .formatted(types.size(), given.size()));
    }
    List<Scalar> coerced = new ArrayList<>(given.size());
    for (int i = 0; i < given.size(); i++) {
      coerced.add(ScalarCasts.cast(given.get(i), types.get(i), "parameter " + (i + 1)));
    }
    return coerced;
  }

  /**
   * The types that the statement is to be planned with instead: where nothing in it says the type,
   * that of the value; and where the value does not fit the inferred type, such as 1.5 beside an
   * INTEGER, its own. A text is read as the inferred type or refused.
   *
   * @param open indexes of the parameters without an inferred type
   * @param rows of values, of one type a column
   * @return by index; empty when all fit
   */
  public static Map<Integer, Field> misfits(
      List<Field> types, Set<Integer> open, List<List<Scalar>> rows) {
    Map<Integer, Field> misfits = new HashMap<>();
    for (int i = 0; i < types.size(); i++) {
      int index = i;
      Field type = types.get(i);
      List<Scalar> values =
          rows.stream()
              .filter(row -> index < row.size())
              .map(row -> row.get(index))
              .filter(v -> v.value().isPresent() && !(v.type() instanceof ArrowType.Utf8))
              .toList();
      if (open.contains(i) && !values.isEmpty()
          || values.stream().anyMatch(value -> !ScalarCasts.fits(value, type))) {
        misfits.put(i, own(values, "$" + (i + 1)));
      }
    }
    return misfits;
  }

  /** The type of the values; integers of any width are as literals are, INTEGER when they fit. */
  private static Field own(List<Scalar> values, String name) {
    Field integer = Field.nullable(name, CanonicalTypes.INT32);
    boolean integers =
        values.stream()
            .allMatch(v -> v.type() instanceof ArrowType.Int && ScalarCasts.fits(v, integer));
    return integers ? integer : values.getFirst().field(name);
  }
}
