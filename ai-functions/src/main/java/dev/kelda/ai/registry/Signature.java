package dev.kelda.ai.registry;

import static java.util.stream.Collectors.joining;

import java.util.List;

/** What a model takes and gives, in the order of its graph. */
public record Signature(List<Port> inputs, List<Port> outputs) {
  public Signature {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  /**
   * One tensor: a row of the batch is {@code width} elements of it.
   *
   * @param width -1 = any
   * @param flat the tensor has the batch as its only dimension
   */
  public record Port(String name, Element element, int width, boolean flat) {
    String text() {
      return name + " " + element + (width == 1 ? "" : width < 0 ? "[]" : "[" + width + "]");
    }
  }

  /** Types of elements that have a type in SQL. */
  public enum Element {
    REAL,
    DOUBLE,
    INTEGER,
    BIGINT,
    BOOLEAN,
    VARCHAR
  }

  /** {@code (x REAL[3]) -> (label BIGINT)}. */
  @Override
  public String toString() {
    return inputs.stream().map(Port::text).collect(joining(", ", "(", ")"))
        + " -> "
        + outputs.stream().map(Port::text).collect(joining(", ", "(", ")"));
  }
}
