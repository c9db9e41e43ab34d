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
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/** A plan that reads columns of all rows of a table, as they are. */
public final class WholeTable {
  private static final int VERSION = 1;
  private static final String LABEL = "all rows";

  private WholeTable() {}

  /** All its columns. */
  public static PlannedQuery of(Table table) {
    return first(table.schema().getFields().size(), table);
  }

  /** The table's first columns. */
  static PlannedQuery first(int width, Table table) {
    return columns(IntStream.range(0, width).boxed().toList(), table);
  }

  /**
   * @param columns their ordinals
   */
  public static PlannedQuery columns(List<Integer> columns, Table table) {
    List<Field> all = table.schema().getFields();
    Schema schema = new Schema(columns.stream().map(all::get).toList());
    Plan plan =
        Plan.newBuilder()
            .setVersion(VERSION)
            .setRoot(
                Rel.newBuilder()
                    .setScan(
                        Scan.newBuilder()
                            .setScanId(0)
                            .addAllColumns(all.stream().map(Types::toProtoField).toList())
                            .addAllProjection(columns)
                            .setLabel(LABEL)))
            .addAllOutputNames(schema.getFields().stream().map(Field::getName).toList())
            .build();
    TableReference reference = new TableReference("", "", LABEL, table, () -> Optional.of(table));
    return new PlannedQuery(
        new QueryPlan(
            plan,
            List.of(new ScanSpec(0, reference, List.of())),
            schema,
            List.of(),
            Set.of(),
            LABEL,
            List.of()));
  }
}
