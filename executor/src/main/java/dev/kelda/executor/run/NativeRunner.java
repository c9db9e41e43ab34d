package dev.kelda.executor.run;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.bridge.NativeEngine;
import dev.kelda.executor.bridge.NativeQuery;
import dev.kelda.executor.proto.QueryRequest;
import dev.kelda.executor.proto.QuerySettings;
import dev.kelda.executor.setting.SettingValues;
import dev.kelda.executor.setting.Settings;
import dev.kelda.executor.wire.Literals;
import dev.kelda.planner.ChangePlan;
import dev.kelda.spi.connector.RowChange;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.TableWrite;
import dev.kelda.spi.connector.TableWrite.WriteTarget;
import dev.kelda.spi.connector.TableWrite.WrittenFile;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Field;

/** Plans to native, rows back. Thread-safe. */
public final class NativeRunner {
  private final NativeEngine engine;
  private final int threads;

  public NativeRunner(NativeEngine engine, int threads) {
    this.engine = requireNonNull(engine, "engine is null");
    this.threads = threads;
  }

  /** Starts the query. The caller closes the reader, which stops what still runs. */
  public ArrowReader rows(Execution execution, PlannedQuery query, List<Scalar> parameters) {
    return start(execution, request(execution, query, parameters));
  }

  /** DataFusion's half of EXPLAIN. */
  public String explain(Execution execution, PlannedQuery query, List<Scalar> parameters) {
    return engine.explain(request(execution, query, parameters).build());
  }

  /**
   * Runs the query into files of the target and commits them.
   *
   * @return rows written
   */
  public long write(
      Execution execution, PlannedQuery query, List<Scalar> parameters, TableWrite write) {
    NativeWrite written = NativeWrite.plain();
    try {
      run(execution, written, request(execution, query, parameters), write.target());
      execution.checkpoint();
    } catch (IOException | RuntimeException | StackOverflowError | OutOfMemoryError e) {
      throw aborted(write, written.files(), Failures.of(execution, e));
    }
    commit(write, written.files());
    return written.rows();
  }

  /**
   * Runs a change as {@link RowChange} says.
   *
   * @return rows taken out, replaced and added
   */
  public long change(
      Execution execution, ChangePlan plan, List<Scalar> parameters, RowChange change) {
    PlannedQuery query = new PlannedQuery(plan.query());
    List<WrittenFile> files = new ArrayList<>();
    long rows = 0;
    try {
      plan.otherReads().forEach(s -> change.alsoReads(query.bound(s.conjuncts(), parameters)));
      if (plan.whole().isPresent()) {
        rows += change.dropFiles(query.bound(plan.whole().get(), parameters));
      }
      NativeWrite changed = NativeWrite.changes(change::takeOut);
      try {
        run(execution, changed, request(execution, query, parameters), change.target());
      } finally {
        files.addAll(changed.files());
      }
      rows += changed.rows();
      for (RowChange.Rewrite rewrite : change.remaining()) {
        files.addAll(rewrite(execution, rewrite, files));
      }
      execution.checkpoint();
    } catch (IOException | RuntimeException | StackOverflowError | OutOfMemoryError e) {
      throw aborted(change, files, Failures.of(execution, e));
    }
    commit(change, files);
    return rows;
  }

  private List<WrittenFile> rewrite(
      Execution execution, RowChange.Rewrite rewrite, List<WrittenFile> before) throws IOException {
    NativeWrite written = NativeWrite.plain();
    try {
      int width = rewrite.target().columns().getFields().size();
      PlannedQuery all = WholeTable.first(width, rewrite.rows());
      run(execution, written, request(execution, all, List.of()), rewrite.target());
    } catch (IOException | RuntimeException | StackOverflowError | OutOfMemoryError e) {
      before.addAll(written.files());
      throw e;
    }
    return written.files();
  }

  /** Runs the query into files of the target, which somebody else commits or removes. */
  public List<WrittenFile> write(Execution execution, PlannedQuery query, WriteTarget target) {
    NativeWrite written = NativeWrite.plain();
    try {
      run(execution, written, request(execution, query, List.of()), target);
      return written.files();
    } catch (IOException e) {
      throw Failures.of(execution, e);
    }
  }

  private void run(
      Execution execution, NativeWrite write, QueryRequest.Builder request, WriteTarget target)
      throws IOException {
    try (ArrowReader reader = start(execution, write.request(request, target))) {
      write.read(reader);
    }
  }

  private static void commit(TableWrite write, List<WrittenFile> files) {
    try {
      write.commit(files);
    } catch (KeldaException e) {
      // After COMMIT_STATE_UNKNOWN the files may be part of the table.
      throw e.code() == ErrorCode.COMMIT_STATE_UNKNOWN ? e : aborted(write, files, e);
    }
  }

  private static KeldaException aborted(
      TableWrite write, List<WrittenFile> files, KeldaException failure) {
    try {
      write.abort(files);
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
    return failure;
  }

  private ArrowReader start(Execution execution, QueryRequest.Builder request) {
    execution.running();
    execution.onCancel(() -> engine.cancel(execution.id())); // native plans now
    NativeQuery query = engine.start(execution.allocator(), request.build());
    try {
      execution.onCancel(query::cancel);
      return new NativeReader(execution, query);
    } catch (RuntimeException e) {
      query.close();
      throw e;
    }
  }

  private QueryRequest.Builder request(
      Execution execution, PlannedQuery query, List<Scalar> parameters) {
    List<Scalar> values = Parameters.coerce(query.plan().parameterTypes(), parameters);
    QueryRequest.Builder request =
        QueryRequest.newBuilder()
            .setQueryId(execution.id())
            .setPlan(query.plan().plan())
            .setSettings(settings(execution));
    for (PlannedQuery.OpenScan scan : query.scans(values)) {
      request.addScans(scan.message());
      if (scan.scan() instanceof Scan.Java java) {
        execution.scans().put(scan.id(), java);
      }
    }
    for (int i = 0; i < values.size(); i++) {
      Field type = query.plan().parameterTypes().get(i);
      request.addParameters(Literals.toProto(values.get(i), type));
    }
    return request;
  }

  private QuerySettings settings(Execution execution) {
    SettingValues values = execution.session().settings();
    long partitions = values.value(Settings.TARGET_PARTITIONS);
    return QuerySettings.newBuilder()
        .setTargetPartitions(partitions == 0 ? threads : (int) partitions)
        .setBatchRows(values.value(Settings.BATCH_ROWS).intValue())
        .setMemoryBytes(values.value(Settings.MEMORY_LIMIT))
        .setTimeZone(values.value(Settings.TIME_ZONE).getId())
        .setStartMicros(ChronoUnit.MICROS.between(Instant.EPOCH, execution.start()))
        .putAllOptions(values.datafusion())
        .build();
  }
}
