package dev.kelda.feature.statement;

import static dev.kelda.feature.statement.Statements.at;

import dev.kelda.feature.registry.FeatureView.Definition;
import dev.kelda.parser.FeatureViewStatement.CreateFeatureView;
import dev.kelda.parser.Name;
import dev.kelda.planner.catalog.Names;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.TextPosition;
import dev.kelda.spi.extension.Caller;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.EngineServices.NamedTable;
import dev.kelda.spi.extension.EngineServices.TableName;
import dev.kelda.spi.extension.QueryAnalysis;
import dev.kelda.spi.extension.QueryAnalysis.UnstableCall;
import dev.kelda.spi.rows.TypeNames;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/** What CREATE FEATURE VIEW and CREATE TRAINING DATASET declare, checked against the query. */
public final class Definitions {
  private Definitions() {}

  /**
   * @throws KeldaException with the place: a parameter, an unstable call, a view that would refer
   *     to itself, a column that is missing, has no name of its own or a type that does not do
   */
  static Definition of(
      CreateFeatureView statement, TableName name, QueryAnalysis query, Caller caller) {
    if (!query.parameters().isEmpty()) {
      throw at(
          ErrorCode.INVALID_STATEMENT,
          "a feature view's query takes no parameters",
          statement.queryAt());
    }
    requireStable(query, statement.queryAt());
    if (query.tables().stream().map(NamedTable::fullName).anyMatch(name::equals)) {
      throw at(
          ErrorCode.INVALID_STATEMENT,
          "feature view \"%s\" would refer to itself".formatted(name.name()),
          statement.name().position());
    }
    Schema columns = columns(query.rows(), statement.queryAt());
    List<String> keys = new ArrayList<>();
    for (Name key : statement.primaryKey()) {
      Field column = column(key, columns);
      requireKey(column, key);
      keys.add(column.getName());
    }
    String eventTime = time(statement.eventTime(), columns, keys).getName();
    Optional<String> knownAt =
        statement.knownAt().map(known -> time(known, columns, keys).getName());
    if (knownAt.filter(eventTime::equals).isPresent()) {
      throw at(
          ErrorCode.INVALID_STATEMENT,
          "KNOWN AT names the column of TIMESTAMP; leave it out: a row is known from its event time"
              + " on",
          statement.knownAt().get().position());
    }
    return new Definition(
        statement.sql(),
        caller.catalog(),
        caller.schema(),
        columns,
        keys,
        eventTime,
        knownAt,
        query.tables().stream().map(NamedTable::fullName).distinct().toList(),
        query.lineage());
  }

  /**
   * A query whose rows are to be kept must give the same ones when it is run again.
   *
   * @param queryAt where it begins in the statement
   */
  public static void requireStable(QueryAnalysis query, TextPosition queryAt) {
    for (UnstableCall call : query.unstable()) {
      throw at(
          ErrorCode.INVALID_STATEMENT,
          "%s%s does not always give the same value; this query must be deterministic"
              .formatted(
                  call.function(), call.position().isEmpty() ? " in a view that is read" : ""),
          call.position().map(p -> EngineServices.shifted(p, queryAt)).orElse(queryAt));
    }
  }

  /** Each with a name of its own and a type; any may be NULL in rows to come. */
  public static Schema columns(Schema query, TextPosition position) {
    Set<String> names = new HashSet<>();
    List<Field> columns = new ArrayList<>();
    for (Field field : query.getFields()) {
      if (!names.add(field.getName().toLowerCase(Locale.ROOT))) {
        throw at(
            ErrorCode.INVALID_STATEMENT,
            "two columns would be called \"%s\"; give one an alias".formatted(field.getName()),
            position);
      }
      columns.add(
          new Field(field.getName(), FieldType.nullable(field.getType()), field.getChildren()));
    }
    return new Schema(columns);
  }

  /**
   * The column of a name.
   *
   * @throws KeldaException COLUMN_NOT_FOUND
   */
  public static Field column(Name name, Schema columns) {
    List<String> names = columns.getFields().stream().map(Field::getName).toList();
    return Names.match(name.last(), names)
        .map(columns::findField)
        .orElseThrow(
            () ->
                at(
                    ErrorCode.COLUMN_NOT_FOUND,
                    "the query has no column \"%s\"%s"
                        .formatted(name.last(), Names.suggestion(name.last(), names)),
                    name.position()));
  }

  private static void requireKey(Field column, Name name) {
    boolean nested =
        switch (column.getType()) {
          case ArrowType.List ignored -> true;
          case ArrowType.FixedSizeList ignored -> true;
          case ArrowType.Struct ignored -> true;
          case ArrowType.Map ignored -> true;
          case ArrowType.Interval ignored -> true;
          default -> false;
        };
    if (nested) {
      throw at(
          ErrorCode.TYPE_MISMATCH,
          "column \"%s\" of type %s cannot be a key"
              .formatted(column.getName(), TypeNames.of(column)),
          name.position());
    }
    if (column.getName().contains(",")) {
      throw at(
          ErrorCode.NOT_SUPPORTED,
          "a key column's name has no comma: \"%s\"".formatted(column.getName()),
          name.position());
    }
  }

  private static Field time(Name name, Schema columns, List<String> keys) {
    Field column = column(name, columns);
    boolean isTime =
        column.getType() instanceof ArrowType.Timestamp
            || column.getType() instanceof ArrowType.Date;
    if (!isTime) {
      throw at(
          ErrorCode.TYPE_MISMATCH,
          "column \"%s\" is of type %s; a TIMESTAMP or DATE must stand here"
              .formatted(column.getName(), TypeNames.of(column)),
          name.position());
    }
    if (keys.contains(column.getName())) {
      throw at(
          ErrorCode.INVALID_STATEMENT,
          "column \"%s\" cannot be a key and a time".formatted(column.getName()),
          name.position());
    }
    return column;
  }
}
