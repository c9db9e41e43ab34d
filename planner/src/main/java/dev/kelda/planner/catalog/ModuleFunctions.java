package dev.kelda.planner.catalog;

import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.extension.PlannedFunction;
import java.util.List;

/** The functions that modules contribute. Immutable. */
public record ModuleFunctions(List<TableFunction> inFrom, List<PlannedFunction> scalar) {
  public static final ModuleFunctions NONE = new ModuleFunctions(List.of(), List.of());

  public ModuleFunctions {
    inFrom = List.copyOf(inFrom);
    scalar = List.copyOf(scalar);
  }

  /** Every name of a scalar function, for "did you mean". */
  public List<String> names() {
    return scalar.stream().flatMap(f -> f.names().stream()).toList();
  }
}
