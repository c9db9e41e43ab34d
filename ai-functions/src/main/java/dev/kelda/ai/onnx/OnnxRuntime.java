package dev.kelda.ai.onnx;

import ai.onnxruntime.OrtEnvironment;
import dev.kelda.ai.NativeFolder;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * ONNX Runtime, started once, on a thread with a deep stack: it recurses over the process's command
 * line when it starts, and a long class path overflows the stack of a usual thread, which ends the
 * process.
 */
final class OnnxRuntime {
  private static final long STACK_BYTES = 256L << 20; // reserved, not used

  /** Where the jar has the libraries for this platform. */
  private static final String RESOURCES =
      "ai/onnxruntime/native/%s-%s"
          .formatted(
              System.getProperty("os.name").startsWith("Mac") ? "osx" : "linux",
              System.getProperty("os.arch").equals("amd64") ? "x64" : "aarch64");

  private OnnxRuntime() {}

  private static final class Started {
    static final OrtEnvironment ENVIRONMENT = start();
  }

  static OrtEnvironment environment() {
    return Started.ENVIRONMENT;
  }

  /** The library's own way of unpacking itself leaves an empty folder behind. */
  private static OrtEnvironment load() {
    ClassLoader jar = OrtEnvironment.class.getClassLoader();
    try (NativeFolder folder = new NativeFolder()) {
      if (folder.unpack(jar, RESOURCES, "onnxruntime")
          && folder.unpack(jar, RESOURCES, "onnxruntime4j_jni")) {
        System.setProperty("onnxruntime.native.path", folder.path().toString());
      }
      return OrtEnvironment.getEnvironment();
    }
  }

  private static OrtEnvironment start() {
    FutureTask<OrtEnvironment> task = new FutureTask<>(OnnxRuntime::load);
    new Thread(null, task, "kelda-onnx-start", STACK_BYTES).start();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return task.get();
        } catch (InterruptedException e) {
          interrupted = true; // it takes a moment only, and must not fail for good
        }
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
