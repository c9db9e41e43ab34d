package dev.kelda.ai.onnx;

import static java.util.Objects.requireNonNull;

import dev.kelda.ai.registry.Signature.Element;
import dev.kelda.ai.registry.Signature.Labels;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A model without its ZipMaps. scikit-learn's classifiers are exported with one: it makes a
 * sequence of maps, an object a row, of the probabilities. Here the probabilities stay a tensor,
 * under the same name, and the labels are known beside it. The message numbers are those of
 * onnx.proto.
 *
 * @param model the bytes to run
 * @param labels of the outputs that would be maps, by name
 */
record ZipMaps(byte[] model, Map<String, Labels> labels) {
  private static final int FLOAT = 1;
  private static final int OPSET = 13;
  private static final int MOST_LABELS = 1 << 20;

  ZipMaps {
    requireNonNull(model, "model is null");
    labels = Map.copyOf(labels);
  }

  /**
   * @param model that {@link OnnxGuard} let pass
   */
  static ZipMaps takenOut(byte[] model) {
    Map<String, Labels> labels = new HashMap<>();
    boolean hasOperators = false;
    ProtoReader in = new ProtoReader(ByteBuffer.wrap(model));
    while (in.next()) {
      switch (in.field()) {
        case 7 -> labels(in.message(), labels);
        case 8 -> hasOperators |= isDefaultDomain(in.message());
        default -> in.skip();
      }
    }
    return labels.isEmpty()
        ? new ZipMaps(model, labels)
        : new ZipMaps(without(model, labels, hasOperators), labels);
  }

  private static boolean isDefaultDomain(ProtoReader opset) {
    String domain = "";
    while (opset.next()) {
      if (opset.field() == 1) {
        domain = opset.text();
      } else {
        opset.skip();
      }
    }
    return domain.isEmpty() || domain.equals("ai.onnx");
  }

  /** Of ZipMaps, and of what only hands a ZipMap's output on. */
  private static void labels(ProtoReader graph, Map<String, Labels> labels) {
    while (graph.next()) {
      if (graph.field() == 1) {
        Node node = Node.read(graph.message());
        if (node.operator().equals("ZipMap") && !node.labels().names().isEmpty()) {
          labels.put(node.output(), node.labels());
        } else if (node.operator().equals("Identity") && labels.containsKey(node.input())) {
          labels.put(node.output(), labels.get(node.input()));
        }
      } else {
        graph.skip();
      }
    }
  }

  private static byte[] without(byte[] model, Map<String, Labels> labels, boolean hasOperators) {
    ProtoWriter to = new ProtoWriter();
    ProtoReader in = new ProtoReader(ByteBuffer.wrap(model));
    while (in.next()) {
      if (in.field() == 7) {
        to.message(7, graph(in.message(), labels));
      } else {
        to.raw(in.raw());
      }
    }
    if (!hasOperators) {
      to.message(8, new ProtoWriter().text(1, "").number(2, OPSET));
    }
    return to.done();
  }

  private static ProtoWriter graph(ProtoReader in, Map<String, Labels> labels) {
    ProtoWriter to = new ProtoWriter();
    while (in.next()) {
      ByteBuffer raw = in.raw();
      ProtoReader field = new ProtoReader(raw.duplicate());
      field.next();
      switch (in.field()) {
        case 1 -> {
          Node node = Node.read(field.message());
          if (node.operator().equals("ZipMap") && labels.containsKey(node.output())) {
            to.message(
                1,
                new ProtoWriter().text(1, node.input()).text(2, node.output()).text(4, "Identity"));
          } else {
            to.raw(raw);
          }
        }
        case 12, 13 -> {
          String name = name(field.message());
          if (!labels.containsKey(name)) {
            to.raw(raw);
          } else if (in.field() == 12) {
            to.message(12, tensor(name, labels.get(name).names().size()));
          }
        }
        default -> to.raw(raw);
      }
    }
    return to;
  }

  private static String name(ProtoReader value) {
    String name = "";
    while (value.next()) {
      if (value.field() == 1) {
        name = value.text();
      } else {
        value.skip();
      }
    }
    return name;
  }

  private static ProtoWriter tensor(String name, int width) {
    ProtoWriter shape =
        new ProtoWriter()
            .message(1, new ProtoWriter().text(2, "rows"))
            .message(1, new ProtoWriter().number(1, width));
    ProtoWriter type = new ProtoWriter().number(1, FLOAT).message(2, shape);
    return new ProtoWriter().text(1, name).message(2, new ProtoWriter().message(1, type));
  }

  private record Node(String operator, String input, String output, Labels labels) {
    static Node read(ProtoReader in) {
      String operator = "";
      String input = "";
      String output = "";
      Labels labels = Labels.NONE;
      while (in.next()) {
        switch (in.field()) {
          case 1 -> input = in.text();
          case 2 -> output = in.text();
          case 4 -> operator = in.text();
          case 5 -> {
            Labels found = labels(in.message());
            labels = found.names().isEmpty() ? labels : found;
          }
          default -> in.skip();
        }
      }
      return new Node(operator, input, output, labels);
    }

    private static Labels labels(ProtoReader attribute) {
      String name = "";
      List<String> texts = new ArrayList<>();
      List<String> numbers = new ArrayList<>();
      while (attribute.next()) {
        switch (attribute.field()) {
          case 1 -> name = attribute.text();
          case 8 -> {
            for (long number : attribute.numbers(MOST_LABELS)) {
              numbers.add(String.valueOf(number));
            }
          }
          case 9 -> texts.add(attribute.text());
          default -> attribute.skip();
        }
      }
      return switch (name) {
        case "classlabels_strings" -> new Labels(Element.VARCHAR, texts);
        case "classlabels_int64s" -> new Labels(Element.BIGINT, numbers);
        default -> Labels.NONE;
      };
    }
  }
}
