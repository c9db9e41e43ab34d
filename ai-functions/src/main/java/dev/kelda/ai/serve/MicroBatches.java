package dev.kelda.ai.serve;

import dev.kelda.ai.onnx.WireTensor;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * Requests that come while others are worked on are worked on together: a request that finds a free
 * thread begins at once, those that do not share the next call. Thread-safe.
 */
final class MicroBatches implements AutoCloseable {
  private static final int MOST_ROWS = 1024;
  private static final int MOST_WAITING = 1024;
  private static final long IDLE_SECONDS = 10;

  private final int callsPerModel;
  private final ThreadPoolExecutor threads;
  private final Map<Kind, Line> lines = new HashMap<>();

  /**
   * @param threads how many calls run at a time; one is always left to other models
   */
  MicroBatches(int threads) {
    this.callsPerModel = Math.max(1, threads - 1);
    this.threads =
        new ThreadPoolExecutor(
            threads,
            threads,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> Thread.ofPlatform().daemon().name("kelda-infer").unstarted(task));
    this.threads.allowCoreThreadTimeOut(true);
  }

  /** One call of a model: as many rows come out of each tensor as went in. */
  interface Call extends Function<List<WireTensor>, List<WireTensor>> {}

  /** Requests of a kind can share a call: one model, rows of one shape. */
  private record Kind(String model, List<List<Long>> rows) {}

  private record Waiting(
      List<WireTensor> inputs, Call call, CompletableFuture<List<WireTensor>> outputs) {
    int rows() {
      return inputs.getFirst().rows();
    }
  }

  private static final class Line {
    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private int calls;
  }

  /**
   * @param model requests of the same may share a call
   * @param inputs tensors whose first dimension is the rows
   * @throws KeldaException TIMEOUT, TOO_MANY_REQUESTS, or what the call throws
   */
  List<WireTensor> run(String model, List<WireTensor> inputs, Call call, long mostMillis) {
    Waiting own = new Waiting(inputs, call, new CompletableFuture<>());
    Kind kind = kind(model, inputs);
    synchronized (lines) {
      Line line = lines.computeIfAbsent(kind, k -> new Line());
      if (line.waiting.size() >= MOST_WAITING) {
        throw new KeldaException(
            ErrorCode.TOO_MANY_REQUESTS, MOST_WAITING + " requests wait for model " + model);
      }
      line.waiting.add(own);
      if (line.calls < callsPerModel) {
        line.calls++;
        threads.execute(() -> work(kind, line));
      }
    }
    return result(own, model, mostMillis);
  }

  private static Kind kind(String model, List<WireTensor> inputs) {
    List<List<Long>> rows = new ArrayList<>();
    boolean sameRows = inputs.stream().allMatch(i -> i.rows() == inputs.getFirst().rows());
    for (WireTensor input : inputs) {
      rows.add(input.shape().subList(sameRows ? 1 : 0, input.shape().size()));
    }
    return new Kind(model, rows);
  }

  private static List<WireTensor> result(Waiting own, String model, long mostMillis) {
    try {
      return own.outputs().get(mostMillis, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new KeldaException(
          ErrorCode.TIMEOUT, "model %s took longer than %d ms".formatted(model, mostMillis), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KeldaException(ErrorCode.CANCELLED, "the request was given up", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof KeldaException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  private void work(Kind kind, Line line) {
    for (List<Waiting> batch = next(kind, line); !batch.isEmpty(); batch = next(kind, line)) {
      answer(batch);
    }
  }

  private List<Waiting> next(Kind kind, Line line) {
    synchronized (lines) {
      List<Waiting> batch = new ArrayList<>();
      int rows = 0;
      while (!line.waiting.isEmpty()
          && (batch.isEmpty() || rows + line.waiting.peek().rows() <= MOST_ROWS)) {
        Waiting one = line.waiting.poll();
        batch.add(one);
        rows += one.rows();
      }
      if (batch.isEmpty() && --line.calls == 0) {
        lines.remove(kind);
      }
      return batch;
    }
  }

  private static void answer(List<Waiting> batch) {
    if (batch.size() > 1 && together(batch)) {
      return;
    }
    for (Waiting one : batch) {
      try {
        one.outputs().complete(one.call().apply(one.inputs()));
      } catch (RuntimeException | Error e) {
        one.outputs().completeExceptionally(e);
      }
    }
  }

  /** False when each must be answered alone: one of them fails, or rows do not stay rows. */
  private static boolean together(List<Waiting> batch) {
    List<WireTensor> joined = new ArrayList<>();
    for (int i = 0; i < batch.getFirst().inputs().size(); i++) {
      int input = i;
      joined.add(WireTensor.joined(batch.stream().map(one -> one.inputs().get(input)).toList()));
    }
    List<WireTensor> outputs;
    try {
      outputs = batch.getFirst().call().apply(joined);
    } catch (RuntimeException | Error e) {
      return false;
    }
    int rows = joined.getFirst().rows();
    if (outputs.stream().anyMatch(o -> o.shape().isEmpty() || o.rows() != rows)) {
      return false;
    }
    int from = 0;
    for (Waiting one : batch) {
      int first = from;
      one.outputs().complete(outputs.stream().map(o -> o.rows(first, one.rows())).toList());
      from += one.rows();
    }
    return true;
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
