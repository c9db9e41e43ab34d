package dev.kelda.ai;

import static java.util.Objects.requireNonNull;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.kelda.ai.onnx.OnnxModel;
import dev.kelda.ai.registry.ModelFiles;
import dev.kelda.ai.registry.ModelFiles.Kind;
import dev.kelda.ai.registry.ModelVersion;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** The models that are loaded, the least used of them closed first. Thread-safe. */
public final class Models implements AutoCloseable {
  private static final int MOST_LOADED = 32;
  private static final long CHECK_MILLIS = 100;

  private final ModelFiles files;
  private final Map<String, OnnxModel> loaded = new LinkedHashMap<>(16, 0.75f, true); // by hash
  private final ScheduledThreadPoolExecutor watch;
  private final LongAdder rows = new LongAdder();
  private final LongAdder calls = new LongAdder();

  Models(ModelFiles files) {
    this.files = requireNonNull(files, "files is null");
    this.watch =
        new ScheduledThreadPoolExecutor(
            1, task -> Thread.ofPlatform().daemon().name("kelda-models").unstarted(task));
    watch.setRemoveOnCancelPolicy(true);
  }

  /** What is done with an open model. */
  public interface Use<T> {
    T with(OnnxModel model, OrtSession.RunOptions options) throws OrtException;
  }

  /**
   * Calls a model.
   *
   * @param checkpoint throws when the call shall stop; asked often
   */
  public <T> T use(ModelVersion version, int rowCount, Runnable checkpoint, Use<T> use) {
    while (true) {
      OnnxModel model = model(version.hash());
      if (model.enter()) {
        try {
          calls.increment();
          rows.add(rowCount);
          return watched(version, model, checkpoint, use);
        } finally {
          model.leave();
        }
      }
    }
  }

  private <T> T watched(ModelVersion version, OnnxModel model, Runnable checkpoint, Use<T> use) {
    checkpoint.run();
    try (OrtSession.RunOptions options = new OrtSession.RunOptions()) {
      ScheduledFuture<?> watching =
          watch.scheduleWithFixedDelay(
              () -> stopWhenAsked(checkpoint, options),
              CHECK_MILLIS,
              CHECK_MILLIS,
              TimeUnit.MILLISECONDS);
      try {
        return use.with(model, options);
      } finally {
        watching.cancel(false);
      }
    } catch (OrtException e) {
      checkpoint.run();
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "model %s failed: %s".formatted(version.reference(), e.getMessage()),
          e);
    }
  }

  private static void stopWhenAsked(Runnable checkpoint, OrtSession.RunOptions options) {
    try {
      checkpoint.run();
    } catch (KeldaException stop) {
      try {
        options.setTerminate(true);
      } catch (OrtException | IllegalStateException ended) {
        return; // the call is over
      }
    }
  }

  private OnnxModel model(String hash) {
    List<OnnxModel> evicted = new ArrayList<>();
    OnnxModel model;
    synchronized (this) {
      model = loaded.get(hash);
      if (model == null) {
        model = OnnxModel.load(files.load(Kind.MODEL, hash));
        loaded.put(hash, model);
        var oldest = loaded.values().iterator();
        while (loaded.size() > MOST_LOADED) {
          evicted.add(oldest.next());
          oldest.remove();
        }
      }
    }
    evicted.forEach(OnnxModel::close);
    return model;
  }

  synchronized int loadedModels() {
    return loaded.size();
  }

  long calls() {
    return calls.sum();
  }

  long rows() {
    return rows.sum();
  }

  @Override
  public void close() {
    watch.shutdownNow();
    synchronized (this) {
      loaded.values().forEach(OnnxModel::close);
      loaded.clear();
    }
  }
}
