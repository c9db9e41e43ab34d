package dev.kelda.executor.run;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.proto.QueryRequest;
import dev.kelda.executor.wire.Scans;
import dev.kelda.planner.proto.Plan;
import dev.kelda.planner.proto.Rel;
import dev.kelda.planner.proto.Write;
import dev.kelda.spi.connector.TableWrite.WriteTarget;
import dev.kelda.spi.connector.TableWrite.WrittenFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.ipc.ArrowReader;

/** One query run into the files of a target; collects what {@code kelda.plan.Write} returns. */
final class NativeWrite {
  private static final int TARGET = 0;
  private static final List<String> COLUMNS =
      List.of("path", "rows", "bytes", "partition", "file", "positions");

  private final List<WrittenFile> files = new ArrayList<>();
  private final Optional<Taken> taken;
  private long added;
  private long takenOut;

  /** Rows that a change takes out. */
  interface Taken {
    void takeOut(int file, long[] positions);
  }

  private NativeWrite(Optional<Taken> taken) {
    this.taken = requireNonNull(taken, "taken is null");
  }

  static NativeWrite plain() {
    return new NativeWrite(Optional.empty());
  }

  /** The query's row has a file, a position and an action at its end. */
  static NativeWrite changes(Taken taken) {
    return new NativeWrite(Optional.of(taken));
  }

  /** The request of a query as that of a write. */
  QueryRequest.Builder request(QueryRequest.Builder query, WriteTarget target) {
    Plan plan = query.getPlan();
    return query
        .setPlan(
            plan.toBuilder()
                .setRoot(
                    Rel.newBuilder()
                        .setWrite(Write.newBuilder().setInput(plan.getRoot()).setTargetId(TARGET)))
                .clearOutputNames()
                .addAllOutputNames(COLUMNS))
        .addTargets(Scans.toProto(TARGET, target).toBuilder().setChanges(taken.isPresent()));
  }

  void read(ArrowReader reader) throws IOException {
    while (reader.loadNextBatch()) {
      VectorSchemaRoot root = reader.getVectorSchemaRoot();
      for (int row = 0; row < root.getRowCount(); row++) {
        read(root, row);
      }
    }
  }

  private void read(VectorSchemaRoot root, int row) {
    VarCharVector paths = (VarCharVector) root.getVector(0);
    long rows = ((BigIntVector) root.getVector(1)).get(row);
    IntVector file = (IntVector) root.getVector(4);
    if (!paths.isNull(row)) {
      String path = new String(paths.get(row), StandardCharsets.UTF_8);
      long bytes = ((BigIntVector) root.getVector(2)).get(row);
      ListVector partition = (ListVector) root.getVector(3);
      files.add(new WrittenFile(path, rows, bytes, partition(partition, row)));
    } else if (file.isNull(row)) {
      added += rows;
    } else {
      taken.orElseThrow().takeOut(file.get(row), positions((ListVector) root.getVector(5), row));
      takenOut += rows;
    }
  }

  private static List<Optional<byte[]>> partition(ListVector list, int row) {
    VarBinaryVector values = (VarBinaryVector) list.getDataVector();
    List<Optional<byte[]>> partition = new ArrayList<>();
    for (int i = list.getElementStartIndex(row); i < list.getElementEndIndex(row); i++) {
      partition.add(values.isNull(i) ? Optional.empty() : Optional.of(values.get(i)));
    }
    return partition;
  }

  private static long[] positions(ListVector list, int row) {
    BigIntVector values = (BigIntVector) list.getDataVector();
    int start = list.getElementStartIndex(row);
    long[] positions = new long[list.getElementEndIndex(row) - start];
    for (int i = 0; i < positions.length; i++) {
      positions[i] = values.get(start + i);
    }
    return positions;
  }

  List<WrittenFile> files() {
    return files;
  }

  /** Rows written, or of a change: taken out, replaced or added. */
  long rows() {
    return taken.isPresent() ? takenOut + added : files.stream().mapToLong(WrittenFile::rows).sum();
  }
}
