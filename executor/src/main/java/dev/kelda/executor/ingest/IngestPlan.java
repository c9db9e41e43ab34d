package dev.kelda.executor.ingest;

import dev.kelda.executor.run.PlannedQuery;
import dev.kelda.planner.QueryPlan;
import dev.kelda.planner.ScanSpec;
import dev.kelda.planner.catalog.Names;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.planner.encode.Types;
import dev.kelda.planner.proto.Cast;
import dev.kelda.planner.proto.Expr;
import dev.kelda.planner.proto.Literal;
import dev.kelda.planner.proto.Plan;
import dev.kelda.planner.proto.Project;
import dev.kelda.planner.proto.Rel;
import dev.kelda.planner.proto.Scan;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/** A scan of the client's rows, projected to a table's row: what INSERT … SELECT would plan. */
final class IngestPlan {
  private static final int VERSION = 1;
  private static final String LABEL = "rows from the client";

  private IngestPlan() {}

  /**
   * @throws KeldaException COLUMN_NOT_FOUND for a column the table lacks; AMBIGUOUS_NAME
   */
  static PlannedQuery of(IncomingTable incoming, Schema target) {
    List<Field> given = incoming.schema().getFields();
    Map<String, Integer> byTarget = match(given, target);
    Project.Builder project = Project.newBuilder().setInput(scan(given));
    for (Field column : target.getFields()) {
      project.addExpressions(
          Optional.ofNullable(byTarget.get(column.getName()))
              .map(ordinal -> column(ordinal, given.get(ordinal), column))
              .orElseGet(() -> missing(column)));
    }
    Plan plan =
        Plan.newBuilder()
            .setVersion(VERSION)
            .setRoot(Rel.newBuilder().setProject(project))
            .addAllOutputNames(target.getFields().stream().map(Field::getName).toList())
            .build();
    TableReference table = new TableReference("", "", LABEL, incoming, () -> Optional.of(incoming));
    return new PlannedQuery(
        new QueryPlan(
            plan,
            List.of(new ScanSpec(0, table, List.of())),
            target,
            List.of(),
            Set.of(),
            LABEL,
            List.of()));
  }

  private static Map<String, Integer> match(List<Field> given, Schema target) {
    List<String> names = target.getFields().stream().map(Field::getName).toList();
    Map<String, Integer> ordinals = new HashMap<>();
    for (int i = 0; i < given.size(); i++) {
      String name = given.get(i).getName();
      String column =
          Names.match(name, names)
              .orElseThrow(
                  () ->
                      new KeldaException(
                          ErrorCode.COLUMN_NOT_FOUND,
                          "the table has no column \"%s\"%s"
                              .formatted(name, Names.suggestion(name, names))));
      if (ordinals.put(column, i) != null) {
        throw new KeldaException(
            ErrorCode.AMBIGUOUS_NAME, "two columns of the rows are named \"" + column + "\"");
      }
    }
    return ordinals;
  }

  private static Rel scan(List<Field> given) {
    return Rel.newBuilder()
        .setScan(
            Scan.newBuilder()
                .setScanId(0)
                .addAllColumns(given.stream().map(Types::toProtoField).toList())
                .addAllProjection(IntStream.range(0, given.size()).boxed().toList())
                .setLabel(LABEL))
        .build();
  }

  private static Expr column(int ordinal, Field given, Field target) {
    Expr column = Expr.newBuilder().setColumn(ordinal).build();
    return Types.toProto(given).equals(Types.toProto(target))
        ? column
        : Expr.newBuilder()
            .setCast(Cast.newBuilder().setInput(column).setType(Types.toProto(target)))
            .build();
  }

  private static Expr missing(Field target) {
    if (!target.isNullable()) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "column \"%s\" is NOT NULL and the rows do not have it".formatted(target.getName()));
    }
    return Expr.newBuilder()
        .setLiteral(Literal.newBuilder().setType(Types.toProto(target)).setNull(true))
        .build();
  }
}
