package dev.kelda.feature.training;

import static java.util.Objects.requireNonNull;

import dev.kelda.feature.registry.ViewTables;
import dev.kelda.feature.statement.Definitions;
import dev.kelda.feature.statement.Statements;
import dev.kelda.feature.training.Dataset.Part;
import dev.kelda.feature.training.Dataset.Parts;
import dev.kelda.feature.training.Dataset.Recipe;
import dev.kelda.feature.training.Dataset.Source;
import dev.kelda.parser.Name;
import dev.kelda.parser.TrainingDatasetStatement.CreateTrainingDataset;
import dev.kelda.parser.TrainingDatasetStatement.Split;
import dev.kelda.spi.connector.AlterableConnector;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.SnapshotTable;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.View;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.Caller;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.EngineServices.NamedTable;
import dev.kelda.spi.extension.EngineServices.TableName;
import dev.kelda.spi.extension.QueryAnalysis;
import dev.kelda.spi.extension.SqlQuery;
import dev.kelda.spi.rows.TypeNames;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/** What CREATE TRAINING DATASET says, checked against its query. */
final class Recipes {
  /** The column that says which part a row is in. */
  static final String SPLIT = "split";

  private final EngineServices services;

  Recipes(EngineServices services) {
    this.services = requireNonNull(services, "services is null");
  }

  /**
   * @throws KeldaException with the place: a parameter, an unstable call, a column that is missing
   *     or of a type that does not do
   */
  Recipe of(CreateTrainingDataset statement, Caller caller) {
    QueryAnalysis query =
        services.analyzeThrough(caller, new SqlQuery(statement.sql(), statement.queryAt()));
    if (!query.parameters().isEmpty()) {
      throw Statements.at(
          ErrorCode.INVALID_STATEMENT,
          "a training dataset's query takes no parameters: it is run again to reproduce the rows",
          statement.queryAt());
    }
    if (!statement.properties().isEmpty()) {
      throw Statements.at(
          ErrorCode.NOT_SUPPORTED,
          "a training dataset has no properties: " + statement.properties().keySet(),
          statement.name().position());
    }
    Definitions.requireStable(query, statement.queryAt());
    Schema columns = Definitions.columns(query.rows(), statement.queryAt());
    List<String> labels =
        distinct(statement.labels(), columns, "LABEL").stream().map(Field::getName).toList();
    Optional<Parts> split = statement.split().map(s -> parts(s, statement, columns));
    return new Recipe(
        statement.sql(),
        caller.catalog(),
        caller.schema(),
        split.isPresent() ? withSplit(columns, statement) : columns,
        labels,
        split,
        query.tables().stream().map(this::source).distinct().toList());
  }

  private Source source(NamedTable table) {
    Optional<TableName> besides =
        Optional.of(table.table())
            .filter(ViewTables::isOurs)
            .map(ViewTables::reference)
            .or(() -> table.table().partOf().flatMap(Dataset::reference))
            .map(reference -> table.fullName().beside(reference));
    OptionalLong snapshot =
        table.table() instanceof SnapshotTable t && t.snapshotId().isPresent()
            ? OptionalLong.of(t.snapshotId().get())
            : OptionalLong.empty();
    boolean pinned =
        snapshot.isPresent()
            && services.connector(table.catalog()).orElse(null) instanceof AlterableConnector
            && !table.schema().isEmpty();
    return new Source(
        table.fullName(),
        besides,
        snapshot,
        table.table() instanceof View view ? Optional.of(view.definition()) : Optional.empty(),
        table.table().timeline(),
        pinned,
        Optional.of(table.table())
            .filter(t -> t instanceof SnapshotTable && snapshot.isEmpty())
            .map(Table::schema));
  }

  /** The columns of these names, in their order. */
  private static List<Field> distinct(List<Name> names, Schema columns, String clause) {
    List<Field> found = new ArrayList<>();
    for (Name name : names) {
      Field column = Definitions.column(name, columns);
      if (found.contains(column)) {
        throw Statements.at(
            ErrorCode.INVALID_STATEMENT,
            "the column \"%s\" stands twice in %s".formatted(column.getName(), clause),
            name.position());
      }
      found.add(column);
    }
    return found;
  }

  private static Parts parts(Split split, CreateTrainingDataset statement, Schema columns) {
    List<String> by = new ArrayList<>();
    List<Field> given = distinct(split.columns(), columns, "BY");
    for (int i = 0; i < given.size(); i++) {
      requireSimple(given.get(i), split.columns().get(i), split.kind() == Split.Kind.TIME);
      by.add(given.get(i).getName());
    }
    if (split.kind() == Split.Kind.RANDOM) {
      columns.getFields().stream()
          .filter(column -> column.getChildren().isEmpty())
          .forEach(column -> by.add(column.getName()));
    }
    return new Parts(
        split.parts().stream().map(part -> new Part(part.name(), part.share())).toList(),
        split.kind().name(),
        by,
        statement.seed().orElseGet(() -> new SecureRandom().nextInt(Integer.MAX_VALUE)));
  }

  private static Schema withSplit(Schema columns, CreateTrainingDataset statement) {
    List<Field> all = new ArrayList<>(columns.getFields());
    if (all.stream().anyMatch(column -> column.getName().equalsIgnoreCase(SPLIT))) {
      throw Statements.at(
          ErrorCode.INVALID_STATEMENT,
          "the query has a column \"split\", which SPLIT adds; give it an alias",
          statement.queryAt());
    }
    all.add(Field.nullable(SPLIT, CanonicalTypes.UTF8));
    return new Schema(all);
  }

  private static void requireSimple(Field column, Name name, boolean time) {
    boolean fits =
        time
            ? column.getType() instanceof ArrowType.Timestamp
                || column.getType() instanceof ArrowType.Date
            : column.getChildren().isEmpty();
    if (!fits) {
      throw Statements.at(
          ErrorCode.TYPE_MISMATCH,
          "column \"%s\" of type %s cannot decide the split"
              .formatted(column.getName(), TypeNames.of(column)),
          name.position());
    }
  }
}
