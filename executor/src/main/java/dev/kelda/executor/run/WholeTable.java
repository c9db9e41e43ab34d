package dev.kelda.executor.run;

import dev.kelda.planner.QueryPlan;
import dev.kelda.planner.ScanSpec;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.planner.encode.Types;
import dev.kelda.planner.proto.Plan;
import dev.kelda.planner.proto.Rel;
import dev.kelda.planner.proto.Scan;
import dev.kelda.spi.connector.Table;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/** A plan that reads the first columns of a table, as they are. */
final class WholeTable {
  private static final int VERSION = 1;
  private static final String LABEL = "remaining rows";

  private WholeTable() {}

  /**
   * @param columns as many of the table's columns as there are of these
   */
  static PlannedQuery plan(Table table, Schema columns) {
    List<Field> all = table.schema().getFields();
    int width = columns.getFields().size();
    Plan plan =
        Plan.newBuilder()
            .setVersion(VERSION)
            .setRoot(
                Rel.newBuilder()
                    .setScan(
                        Scan.newBuilder()
                            .setScanId(0)
                            .addAllColumns(all.stream().map(Types::toProtoField).toList())
                            .addAllProjection(IntStream.range(0, width).boxed().toList())
                            .setLabel(LABEL)))
            .addAllOutputNames(columns.getFields().stream().map(Field::getName).toList())
            .build();
    TableReference reference = new TableReference("", "", LABEL, table, () -> Optional.of(table));
    return new PlannedQuery(
        new QueryPlan(
            plan,
            List.of(new ScanSpec(0, reference, List.of())),
            columns,
            List.of(),
            LABEL,
            List.of()));
  }
}
