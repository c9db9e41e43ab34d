package dev.kelda.ai.onnx;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import ai.onnxruntime.TensorInfo.OnnxTensorType;
import dev.kelda.ai.registry.Signature;
import dev.kelda.ai.registry.Signature.Element;
import dev.kelda.ai.registry.Signature.Labels;
import dev.kelda.ai.registry.Signature.Port;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A model that runs. Thread-safe: calls from several threads share one session, each on its own
 * thread, because the engine runs partitions in parallel already.
 */
public final class OnnxModel implements AutoCloseable {
  private static final String OTHER_OUTPUTS =
      "; name the outputs to be used: WITH ('outputs' = 'label')";

  private final OrtEnvironment environment;
  private final OrtSession session;
  private final Map<String, Labels> labels; // of outputs
  private final ReentrantReadWriteLock open = new ReentrantReadWriteLock();
  private boolean closed; // guarded by open

  private OnnxModel(OrtEnvironment environment, OrtSession session, Map<String, Labels> labels) {
    this.environment = environment;
    this.session = session;
    this.labels = Map.copyOf(labels);
  }

  /**
   * @param bytes that {@link OnnxGuard} let pass
   * @throws KeldaException INVALID_FILE when ONNX Runtime cannot run it
   */
  public static OnnxModel load(byte[] bytes) {
    ZipMaps zipMaps = ZipMaps.takenOut(bytes);
    try {
      OrtEnvironment environment = OnnxRuntime.environment();
      try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
        options.setIntraOpNumThreads(1);
        options.setInterOpNumThreads(1);
        options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL); // errors are thrown
        return new OnnxModel(
            environment, environment.createSession(zipMaps.model(), options), zipMaps.labels());
      }
    } catch (OrtException e) {
      throw new KeldaException(
          ErrorCode.INVALID_FILE, "ONNX Runtime cannot run the model: " + e.getMessage(), e);
    }
  }

  public OrtEnvironment environment() {
    return environment;
  }

  /** The names of the graph's inputs. */
  public Set<String> inputs() {
    return session.getInputNames();
  }

  /** The names of the graph's outputs. */
  public Set<String> outputs() {
    return session.getOutputNames();
  }

  /**
   * What the graph says.
   *
   * @param outputs names of those that are wanted; empty = all
   * @throws KeldaException NOT_SUPPORTED for a type without one in SQL
   */
  public Signature signature(List<String> outputs) {
    try {
      Set<String> unknown = new HashSet<>(outputs);
      unknown.removeAll(session.getOutputNames());
      if (!unknown.isEmpty()) {
        throw new KeldaException(
            ErrorCode.INVALID_ARGUMENT,
            "the model has no output %s; it has %s".formatted(unknown, session.getOutputNames()));
      }
      if (session.getInputNames().isEmpty()) {
        throw new KeldaException(
            ErrorCode.NOT_SUPPORTED, "the model has no inputs: it would say the same of every row");
      }
      List<Port> in = new ArrayList<>();
      for (NodeInfo info : session.getInputInfo().values()) {
        in.add(input(info));
      }
      List<Port> out = new ArrayList<>();
      for (NodeInfo info : session.getOutputInfo().values()) {
        if (outputs.isEmpty() || outputs.contains(info.getName())) {
          out.add(output(info));
        }
      }
      return new Signature(in, out);
    } catch (OrtException e) {
      throw new KeldaException(ErrorCode.INVALID_FILE, "model: " + e.getMessage(), e);
    }
  }

  private static Port input(NodeInfo info) {
    long[] shape = tensor(info, "").getShape();
    if (shape.length > 2) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          "input \"%s\" of the model has %d dimensions; 1 (rows) or 2 (rows, values) are supported"
              .formatted(info.getName(), shape.length));
    }
    if (shape[0] > 0) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          "input \"%s\" of the model takes exactly %d rows; export it with a first dimension that"
                  .formatted(info.getName(), shape[0])
              + " may vary (torch.onnx: dynamic_axes or dynamic_shapes)");
    }
    return port(info, shape, Labels.NONE);
  }

  private Port output(NodeInfo info) {
    TensorInfo tensor = tensor(info, OTHER_OUTPUTS);
    long rows = tensor.getShape()[0];
    if (rows > 1) { // 1 is also what exporters write that know no better
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          "output \"%s\" of the model has the shape %s: its first dimension is always %d, not the rows%s"
              .formatted(info.getName(), Arrays.toString(tensor.getShape()), rows, OTHER_OUTPUTS));
    }
    return port(info, tensor.getShape(), labels.getOrDefault(info.getName(), Labels.NONE));
  }

  private static TensorInfo tensor(NodeInfo info, String advice) {
    if (!(info.getInfo() instanceof TensorInfo tensor)) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          "\"%s\" of the model is no tensor%s".formatted(info.getName(), advice));
    }
    if (tensor.getShape().length == 0) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          "\"%s\" of the model has no rows: its shape is not known, or a single value%s"
              .formatted(info.getName(), advice));
    }
    return tensor;
  }

  /** Values of more dimensions follow each other. */
  private static Port port(NodeInfo info, long[] shape, Labels labels) {
    long width = 1;
    for (int i = 1; i < shape.length; i++) {
      width = shape[i] < 0 || width < 0 ? -1 : Math.min(width * shape[i], Integer.MAX_VALUE);
    }
    if (width == 0) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          "\"%s\" of the model has no values in a row: its shape is %s"
              .formatted(info.getName(), Arrays.toString(shape)));
    }
    return new Port(
        info.getName(),
        element(info.getName(), ((TensorInfo) info.getInfo()).onnxType),
        (int) width,
        shape.length == 1,
        labels);
  }

  /** By the graph's own type: in Java an unsigned number looks like a signed one. */
  private static Element element(String name, OnnxTensorType type) {
    return switch (type) {
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT -> Element.REAL;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE -> Element.DOUBLE;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32 -> Element.INTEGER;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64 -> Element.BIGINT;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL -> Element.BOOLEAN;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING -> Element.VARCHAR;
      default ->
          throw new KeldaException(
              ErrorCode.NOT_SUPPORTED,
              "\"%s\" of the model is of type %s; supported are float, double, int32, int64, bool"
                      .formatted(
                          name, type.name().substring("ONNX_TENSOR_ELEMENT_DATA_TYPE_".length()))
                  + " and string");
    };
  }

  /**
   * Runs one batch. Terminated from another thread by {@code options.setTerminate}.
   *
   * @return closed by the caller
   */
  public OrtSession.Result run(
      Map<String, OnnxTensor> inputs, Set<String> outputs, OrtSession.RunOptions options)
      throws OrtException {
    return session.run(inputs, outputs, options);
  }

  /** Keeps the model open; false when it is closed already. */
  public boolean enter() {
    open.readLock().lock();
    if (closed) {
      open.readLock().unlock();
      return false;
    }
    return true;
  }

  public void leave() {
    open.readLock().unlock();
  }

  /** Waits for those that entered. */
  @Override
  public void close() {
    open.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        session.close();
      }
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    } finally {
      open.writeLock().unlock();
    }
  }
}
