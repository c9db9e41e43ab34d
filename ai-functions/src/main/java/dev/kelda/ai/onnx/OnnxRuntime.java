package dev.kelda.ai.onnx;

import ai.onnxruntime.OrtEnvironment;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * ONNX Runtime, started once, on a thread with a deep stack: it recurses over the process's command
 * line when it starts, and a long class path overflows the stack of a usual thread, which ends the
 * process.
 */
final class OnnxRuntime {
  private static final long STACK_BYTES = 256L << 20; // reserved, not used

  private OnnxRuntime() {}

  private static final class Started {
    static final OrtEnvironment ENVIRONMENT = start();
  }

  static OrtEnvironment environment() {
    return Started.ENVIRONMENT;
  }

  private static OrtEnvironment start() {
    FutureTask<OrtEnvironment> task = new FutureTask<>(OrtEnvironment::getEnvironment);
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
