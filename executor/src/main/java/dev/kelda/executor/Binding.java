package dev.kelda.executor;

import dev.kelda.spi.connector.Scalar;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * What is known of a statement's parameters before it is planned.
 *
 * @param types of those whose type is not to be inferred, constants among them, by index from 0
 * @param constants values of those that decide what is read
 */
record Binding(Map<Integer, Field> types, Map<Integer, Scalar> constants) {
  static final Binding NONE = new Binding(Map.of(), Map.of());

  Binding {
    types = Map.copyOf(types);
    constants = Map.copyOf(constants);
  }

  Binding withTypes(Map<Integer, Field> more) {
    Map<Integer, Field> all = new HashMap<>(more);
    all.putAll(types);
    return new Binding(all, constants);
  }

  Binding withConstant(int index, Scalar value) {
    Map<Integer, Field> allTypes = new HashMap<>(types);
    Map<Integer, Scalar> all = new HashMap<>(constants);
    allTypes.put(index, value.field("$" + (index + 1)));
    all.put(index, value);
    return new Binding(allTypes, all);
  }

  /** The same parameters as constants, with the values of another row. */
  Binding withValues(List<Scalar> row) {
    Binding binding = this;
    for (int index : constants.keySet()) {
      if (index < row.size() && !row.get(index).equals(constants.get(index))) {
        binding = binding.withConstant(index, row.get(index));
      }
    }
    return binding;
  }
}
