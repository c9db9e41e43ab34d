package dev.kelda.ai.registry;

import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;

import java.util.List;
import java.util.stream.Stream;

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
   * @param labels what the elements of a row stand for: an output's keys, an input's columns;
   *     mostly none
   */
  public record Port(String name, Element element, int width, boolean flat, Labels labels) {
    public Port {
      requireNonNull(name, "name is null");
      requireNonNull(element, "element is null");
      labels = labels == null ? Labels.NONE : labels; // as the metastore has older versions
    }

    public static Port of(String name, Element element, int width, boolean flat) {
      return new Port(name, element, width, flat, Labels.NONE);
    }

    public boolean hasLabels() {
      return !labels.names().isEmpty();
    }

    private String inputText() {
      return hasLabels()
          ? labels.names().stream().map(n -> n + " " + element).collect(joining(", "))
          : text();
    }

    private String outputText() {
      return hasLabels() ? "%s MAP(%s, %s)".formatted(name, labels.type(), element) : text();
    }

    private String text() {
      String many = width < 0 ? "[]" : "[" + width + "]";
      return name + " " + element + (width == 1 ? "" : many);
    }
  }

  /**
   * The keys of a row's elements: a classifier's classes.
   *
   * @param type VARCHAR or BIGINT
   */
  public record Labels(Element type, List<String> names) {
    public static final Labels NONE = new Labels(Element.VARCHAR, List.of());

    public Labels {
      requireNonNull(type, "type is null");
      names = List.copyOf(names);
    }
  }

  /** What the inputs' elements are called, in order; an input without such names by its own. */
  public List<String> features() {
    return inputs.stream()
        .flatMap(port -> port.hasLabels() ? port.labels().names().stream() : Stream.of(port.name()))
        .toList();
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
    return inputs.stream().map(Port::inputText).collect(joining(", ", "(", ")"))
        + " -> "
        + text(outputs);
  }

  /** {@code (label BIGINT, probabilities REAL[3])}. */
  public static String text(List<Port> ports) {
    return ports.stream().map(Port::outputText).collect(joining(", ", "(", ")"));
  }
}
