package dev.kelda.ai.onnx;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Reads a model's bytes in full before ONNX Runtime does, and refuses what may reach beyond them or
 * never end: tensor data in other files anywhere in the graph (initialisers, sparse ones,
 * attributes, sub-graphs, functions), operators of other domains, loops, and more than so much of
 * anything, also of what constants make. The message numbers are those of onnx.proto.
 */
public final class OnnxGuard {
  /** The largest file. */
  public static final long MOST_BYTES = 1L << 30;

  private static final int MOST_NODES = 100_000;
  private static final int MOST_TENSORS = 100_000;
  private static final int MOST_DEPTH = 16;
  private static final int MOST_DIMENSIONS = 64;
  private static final long MOST_ELEMENTS = 1L << 28;
  private static final long NEWEST_OPSET = 30;
  private static final long NEWEST_IR = 20;
  private static final int EXTERNAL = 1;
  private static final Set<String> DOMAINS = Set.of("", "ai.onnx", "ai.onnx.ml");
  private static final Set<String> ENDLESS = Set.of("Loop", "Scan");

  private final ConstantSizes sizes = new ConstantSizes();
  private int nodes;
  private int tensors;
  private boolean graph;

  private OnnxGuard() {}

  /**
   * @param model the whole file
   * @throws KeldaException INVALID_FILE, which names what is refused
   */
  public static void check(byte[] model) {
    if (model.length == 0 || model.length > MOST_BYTES) {
      throw refuse("%d bytes; between 1 and %d are read".formatted(model.length, MOST_BYTES));
    }
    OnnxGuard guard = new OnnxGuard();
    guard.model(new ProtoReader(ByteBuffer.wrap(model)));
    if (!guard.graph) {
      throw refuse("it has no graph");
    }
    if (guard.sizes.total() > MOST_ELEMENTS) {
      throw refuse("it makes constants of more than " + MOST_ELEMENTS + " elements");
    }
  }

  private void model(ProtoReader in) {
    long ir = 0;
    while (in.next()) {
      switch (in.field()) {
        case 1 -> ir = in.number();
        case 7 -> {
          graph = true;
          graph(in.message(), 0);
        }
        case 8 -> opset(in.message());
        case 25 -> function(in.message());
        case 20 -> throw refuse("it carries training information");
        default -> in.skip();
      }
    }
    if (ir < 3 || ir > NEWEST_IR) {
      throw refuse("IR version " + ir);
    }
  }

  private void opset(ProtoReader in) {
    String domain = "";
    long version = 0;
    while (in.next()) {
      switch (in.field()) {
        case 1 -> domain = in.text();
        case 2 -> version = in.number();
        default -> in.skip();
      }
    }
    domain(domain);
    if (version < 1 || version > NEWEST_OPSET) {
      throw refuse("operator set " + version + " of \"" + domain + "\"");
    }
  }

  private void function(ProtoReader in) {
    while (in.next()) {
      switch (in.field()) {
        case 7 -> node(in.message(), 0);
        case 9 -> opset(in.message());
        case 10 -> domain(in.text());
        case 11 -> attribute(in.message(), 0);
        default -> in.skip();
      }
    }
  }

  private void graph(ProtoReader in, int depth) {
    if (depth > MOST_DEPTH) {
      throw refuse("graphs nested deeper than " + MOST_DEPTH);
    }
    while (in.next()) {
      switch (in.field()) {
        case 1 -> node(in.message(), depth);
        case 5 -> tensor(in.message());
        case 15 -> sparse(in.message());
        default -> in.skip();
      }
    }
  }

  private void node(ProtoReader in, int depth) {
    if (++nodes > MOST_NODES) {
      throw refuse("more than " + MOST_NODES + " nodes");
    }
    List<String> inputs = new ArrayList<>();
    List<String> outputs = new ArrayList<>();
    String operator = "";
    double values = 1;
    while (in.next()) {
      switch (in.field()) {
        case 1 -> inputs.add(in.text());
        case 2 -> outputs.add(in.text());
        case 4 -> {
          operator = in.text();
          if (ENDLESS.contains(operator)) {
            throw refuse("the operator " + operator + ", which may never end");
          }
        }
        case 5 -> values = Math.max(values, attribute(in.message(), depth));
        case 7 -> domain(in.text());
        default -> in.skip();
      }
    }
    sizes.node(operator, inputs, outputs, values);
  }

  /** The product of its values, where they may be a size. */
  private double attribute(ProtoReader in, int depth) {
    double product = 1;
    while (in.next()) {
      switch (in.field()) {
        case 2, 7 -> product *= ConstantSizes.reals(in, Float.BYTES);
        case 3, 8 -> product *= ConstantSizes.integers(in);
        case 5, 10 -> product *= tensor(in.message());
        case 6, 11 -> graph(in.message(), depth + 1);
        case 22, 23 -> sparse(in.message());
        default -> in.skip();
      }
    }
    return product;
  }

  private void sparse(ProtoReader in) {
    long elements = 1;
    while (in.next()) {
      switch (in.field()) {
        case 1, 2 -> tensor(in.message());
        case 3 -> elements = multiplied(elements, in);
        default -> in.skip();
      }
    }
  }

  /** The product of its values, where they may be a size. */
  private double tensor(ProtoReader in) {
    if (++tensors > MOST_TENSORS) {
      throw refuse("more than " + MOST_TENSORS + " tensors");
    }
    long elements = 1;
    String name = "";
    ConstantSizes.Values values = new ConstantSizes.Values();
    while (in.next()) {
      switch (in.field()) {
        case 1 -> elements = multiplied(elements, in);
        case 8 -> name = in.text();
        case 13 -> throw refuse("tensor data in another file");
        case 14 -> {
          if (in.number() == EXTERNAL) {
            throw refuse("tensor data in another file");
          }
        }
        default -> values.read(in);
      }
    }
    double product = values.product();
    sizes.constant(name, product);
    return product;
  }

  /** Dimensions come one by one, or packed. */
  private static long multiplied(long elements, ProtoReader in) {
    long product = elements;
    long[] dimensions = in.numbers(MOST_DIMENSIONS + 1);
    if (dimensions.length > MOST_DIMENSIONS) {
      throw refuse("a tensor of more than " + MOST_DIMENSIONS + " dimensions");
    }
    for (long dimension : dimensions) {
      if (dimension < 0 || dimension > MOST_ELEMENTS) {
        throw refuse("a tensor's dimension " + dimension);
      }
      product *= dimension;
      if (product > MOST_ELEMENTS) {
        throw refuse("a tensor of more than " + MOST_ELEMENTS + " elements");
      }
    }
    return product;
  }

  private static void domain(String domain) {
    if (!DOMAINS.contains(domain)) {
      throw refuse("operators of the domain \"%s\"; known: %s".formatted(domain, DOMAINS));
    }
  }

  private static KeldaException refuse(String what) {
    return new KeldaException(ErrorCode.INVALID_FILE, "the ONNX model is refused: " + what);
  }
}
