package dev.kelda.ai;

import static java.util.Objects.requireNonNull;

import dev.kelda.ai.onnx.Outputs;
import dev.kelda.ai.onnx.Prediction;
import dev.kelda.ai.registry.Signature;
import dev.kelda.ai.registry.Signature.Element;
import dev.kelda.ai.registry.Signature.Labels;
import dev.kelda.ai.registry.Signature.Port;
import dev.kelda.parser.ColumnDefinition;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.Caller;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.SqlQuery;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * INPUT and OUTPUT of CREATE MODEL. They must be what the graph has, in its order; an input of
 * several values a row may be declared as so many columns, whose names it gets.
 */
record Declaration(EngineServices services, Caller caller) {
  Declaration {
    requireNonNull(services, "services is null");
    requireNonNull(caller, "caller is null");
  }

  /**
   * @return the graph's signature with the names that were declared
   * @throws KeldaException INVALID_ARGUMENT, TYPE_MISMATCH with the column's position
   */
  Signature checked(
      Signature graph, List<ColumnDefinition> inputs, List<ColumnDefinition> outputs) {
    if (!outputs.isEmpty()) {
      one("output", outputs, graph.outputs());
    }
    return inputs.isEmpty() ? graph : new Signature(named(inputs, graph.inputs()), graph.outputs());
  }

  private void one(String what, List<ColumnDefinition> declared, List<Port> ports) {
    for (int i = 0; i < Math.max(declared.size(), ports.size()); i++) {
      if (i >= declared.size()) {
        throw missing(what, ports.get(i), declared);
      }
      if (i >= ports.size() || !fits(declared.get(i), ports.get(i))) {
        throw misfit(what, declared.get(i), ports);
      }
    }
  }

  private List<Port> named(List<ColumnDefinition> declared, List<Port> ports) {
    requireDifferent(declared);
    List<Port> named = new ArrayList<>();
    int next = 0;
    for (int i = 0; i < ports.size(); i++) {
      Port port = ports.get(i);
      if (next >= declared.size()) {
        throw missing("input", port, declared);
      }
      boolean last = i == ports.size() - 1;
      int left = declared.size() - next;
      int count = port.width() >= 0 ? port.width() : last ? left : 1;
      if (count > 1 && !isArray(type(declared.get(next)))) {
        if (count > left) {
          throw missing("input", port, declared);
        }
        List<ColumnDefinition> columns = declared.subList(next, next + count);
        columns.forEach(column -> checkElement(port, column));
        List<String> names = columns.stream().map(ColumnDefinition::name).toList();
        named.add(
            new Port(
                port.name(),
                port.element(),
                names.size(),
                port.flat(),
                new Labels(Element.VARCHAR, names)));
        next += count;
      } else {
        if (!fits(declared.get(next), port)) {
          throw misfit("input", declared.get(next), ports);
        }
        named.add(port);
        next++;
      }
    }
    if (next < declared.size()) {
      throw misfit("input", declared.get(next), ports);
    }
    return named;
  }

  /** Features are found by these names, and names are found whatever their case. */
  private static void requireDifferent(List<ColumnDefinition> declared) {
    Set<String> names = new HashSet<>();
    for (ColumnDefinition column : declared) {
      if (!names.add(column.name().toLowerCase(Locale.ROOT))) {
        throw new KeldaException(
            ErrorCode.INVALID_ARGUMENT,
            "the input \"%s\" is declared twice".formatted(column.name()),
            column.position());
      }
    }
  }

  private void checkElement(Port port, ColumnDefinition column) {
    try {
      Prediction.wanted(port, type(column));
    } catch (KeldaException e) {
      throw new KeldaException(e.code(), e.getMessage(), column.position());
    }
  }

  private boolean fits(ColumnDefinition column, Port port) {
    return column.name().equalsIgnoreCase(port.name()) && isSame(type(column), Outputs.field(port));
  }

  /** SQL does not say how long an array is, nor what the parts of a map are called. */
  private static boolean isSame(Field declared, Field actual) {
    boolean same =
        declared.getType().equals(actual.getType()) || isArray(declared) && isArray(actual);
    if (!same || declared.getChildren().size() != actual.getChildren().size()) {
      return false;
    }
    for (int i = 0; i < declared.getChildren().size(); i++) {
      if (!isSame(declared.getChildren().get(i), actual.getChildren().get(i))) {
        return false;
      }
    }
    return true;
  }

  private static boolean isArray(Field field) {
    return field.getType() instanceof ArrowType.List
        || field.getType() instanceof ArrowType.FixedSizeList;
  }

  private Field type(ColumnDefinition column) {
    SqlQuery typed = new SqlQuery("SELECT CAST(NULL AS " + column.type() + ")", column.position());
    return services.describe(caller, typed).rows().getFields().getFirst();
  }

  private static KeldaException missing(String what, Port port, List<ColumnDefinition> declared) {
    return new KeldaException(
        ErrorCode.INVALID_ARGUMENT,
        "the model's %s \"%s\" is not declared".formatted(what, port.name()),
        declared.getLast().position());
  }

  private static KeldaException misfit(String what, ColumnDefinition column, List<Port> ports) {
    return new KeldaException(
        ErrorCode.INVALID_ARGUMENT,
        "the model has no %s \"%s\" of type %s in that place; it has %s"
            .formatted(what, column.name(), column.type(), Signature.text(ports)),
        column.position());
  }
}
