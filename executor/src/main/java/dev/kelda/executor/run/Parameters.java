package dev.kelda.executor.run;

import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.vector.types.pojo.Field;

/** The values a client sends for the {@code ?}s, as the types the planner inferred. */
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
}
