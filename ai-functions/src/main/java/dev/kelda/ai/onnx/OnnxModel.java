package dev.kelda.ai.onnx;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.kelda.ai.registry.Signature;
import dev.kelda.ai.registry.Signature.Element;
import dev.kelda.ai.registry.Signature.Port;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.ArrayList;
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
  private final OrtEnvironment environment;
  private final OrtSession session;
  private final ReentrantReadWriteLock open = new ReentrantReadWriteLock();
  private boolean closed; // guarded by open

  private OnnxModel(OrtEnvironment environment, OrtSession session) {
    this.environment = environment;
    this.session = session;
  }

  /**
   * @param bytes that {@link OnnxGuard} let pass
   * @throws KeldaException INVALID_FILE when ONNX Runtime cannot run it
   */
  public static OnnxModel load(byte[] bytes) {
    try {
      OrtEnvironment environment = OrtEnvironment.getEnvironment();
      try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
        options.setIntraOpNumThreads(1);
        options.setInterOpNumThreads(1);
        options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL); // errors are thrown
        return new OnnxModel(environment, environment.createSession(bytes, options));
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
      List<Port> in = new ArrayList<>();
      for (NodeInfo info : session.getInputInfo().values()) {
        in.add(port(info));
      }
      List<Port> out = new ArrayList<>();
      for (NodeInfo info : session.getOutputInfo().values()) {
        if (outputs.isEmpty() || outputs.contains(info.getName())) {
          out.add(port(info));
        }
      }
      return new Signature(in, out);
    } catch (OrtException e) {
      throw new KeldaException(ErrorCode.INVALID_FILE, "model: " + e.getMessage(), e);
    }
  }

  private static Port port(NodeInfo info) {
    if (!(info.getInfo() instanceof TensorInfo tensor)) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          "\"%s\" of the model is no tensor; name the outputs to be used: WITH ('outputs' ="
                  .formatted(info.getName())
              + " 'label'), or export the model without ZipMap");
    }
    long[] shape = tensor.getShape();
    if (shape.length == 0 || shape.length > 2) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          "\"%s\" of the model has %d dimensions; 1 (rows) or 2 (rows, values) are supported"
              .formatted(info.getName(), shape.length));
    }
    return new Port(
        info.getName(),
        element(info.getName(), tensor.type),
        shape.length == 1 ? 1 : (int) Math.max(-1, Math.min(shape[1], Integer.MAX_VALUE)),
        shape.length == 1);
  }

  private static Element element(String name, OnnxJavaType type) {
    return switch (type) {
      case FLOAT -> Element.REAL;
      case DOUBLE -> Element.DOUBLE;
      case INT32 -> Element.INTEGER;
      case INT64 -> Element.BIGINT;
      case BOOL -> Element.BOOLEAN;
      case STRING -> Element.VARCHAR;
      default ->
          throw new KeldaException(
              ErrorCode.NOT_SUPPORTED,
              "\"%s\" of the model is of type %s; supported are float, double, int32, int64, bool"
                      .formatted(name, type)
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
