package dev.kelda.executor.run;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.bridge.NativeEngine;
import dev.kelda.executor.bridge.NativeQuery;
import dev.kelda.executor.proto.QueryRequest;
import dev.kelda.executor.proto.QuerySettings;
import dev.kelda.executor.setting.SettingValues;
import dev.kelda.executor.setting.Settings;
import dev.kelda.executor.wire.Literals;
import dev.kelda.executor.wire.Scans;
import dev.kelda.planner.proto.Plan;
import dev.kelda.planner.proto.Rel;
import dev.kelda.planner.proto.Write;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.TableWrite;
import dev.kelda.spi.connector.TableWrite.WrittenFile;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;

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
    List<WrittenFile> files = new ArrayList<>();
    try {
      QueryRequest.Builder request = request(execution, query, parameters);
      Plan plan = request.getPlan();
      request
          .setPlan(
              Plan.newBuilder()
                  .setVersion(plan.getVersion())
                  .setRoot(
                      Rel.newBuilder()
                          .setWrite(Write.newBuilder().setInput(plan.getRoot()).setTargetId(0)))
                  .addAllOutputNames(List.of("path", "rows", "bytes"))
                  .addAllParameterTypes(plan.getParameterTypesList()))
          .addTargets(Scans.toProto(0, write.target()));
      try (ArrowReader reader = start(execution, request)) {
        while (reader.loadNextBatch()) {
          files.addAll(written(reader.getVectorSchemaRoot()));
        }
      }
      execution.checkpoint();
    } catch (IOException | RuntimeException | StackOverflowError | OutOfMemoryError e) {
      throw aborted(write, files, Failures.of(execution, e));
    }
    commit(write, files);
    return files.stream().mapToLong(WrittenFile::rows).sum();
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

  private static List<WrittenFile> written(VectorSchemaRoot root) {
    List<WrittenFile> files = new ArrayList<>();
    VarCharVector paths = (VarCharVector) root.getVector(0);
    BigIntVector rows = (BigIntVector) root.getVector(1);
    BigIntVector bytes = (BigIntVector) root.getVector(2);
    for (int i = 0; i < root.getRowCount(); i++) {
      String path = new String(paths.get(i), StandardCharsets.UTF_8);
      files.add(new WrittenFile(path, rows.get(i), bytes.get(i)));
    }
    return files;
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
    values.forEach(value -> request.addParameters(Literals.toProto(value)));
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
