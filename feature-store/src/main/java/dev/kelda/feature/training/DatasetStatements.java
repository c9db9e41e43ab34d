package dev.kelda.feature.training;

import static dev.kelda.feature.statement.Statements.fullName;
import static dev.kelda.feature.statement.Statements.positioned;
import static dev.kelda.feature.statement.Statements.rows;
import static java.util.Objects.requireNonNull;

import dev.kelda.feature.statement.Statements;
import dev.kelda.feature.training.Dataset.Recipe;
import dev.kelda.feature.training.Dataset.Source;
import dev.kelda.feature.training.Dataset.State;
import dev.kelda.parser.Name;
import dev.kelda.parser.TrainingDatasetStatement.AlterTrainingDataset;
import dev.kelda.parser.TrainingDatasetStatement.CreateTrainingDataset;
import dev.kelda.parser.TrainingDatasetStatement.DescribeTrainingDataset;
import dev.kelda.parser.TrainingDatasetStatement.DropTrainingDataset;
import dev.kelda.parser.TrainingDatasetStatement.ShowTrainingDatasets;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.extension.Caller;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.EngineServices.TableName;
import dev.kelda.spi.extension.LikePattern;
import dev.kelda.spi.extension.StatementContext;
import dev.kelda.spi.extension.StatementHandler;
import dev.kelda.spi.extension.StatementPlan;
import dev.kelda.spi.extension.SystemTable;
import dev.kelda.spi.extension.TableResolver;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/** CREATE, ALTER, DROP, SHOW and DESCRIBE TRAINING DATASET. */
public final class DatasetStatements {
  private final EngineServices services;
  private final DatasetRegistry registry;
  private final Datasets datasets;
  private final Recipes recipes;

  public DatasetStatements(EngineServices services) {
    this.services = requireNonNull(services, "services is null");
    this.registry = new DatasetRegistry(services.metastore());
    this.datasets = new Datasets(services, registry);
    this.recipes = new Recipes(services);
  }

  public List<StatementHandler<?>> handlers() {
    return List.of(
        StatementHandler.of(CreateTrainingDataset.class, this::create),
        StatementHandler.of(AlterTrainingDataset.class, this::alter),
        StatementHandler.of(DropTrainingDataset.class, this::drop),
        StatementHandler.of(ShowTrainingDatasets.class, this::show),
        StatementHandler.of(DescribeTrainingDataset.class, this::describe));
  }

  /** How queries find datasets. */
  public TableResolver resolver() {
    return new DatasetResolver(services, registry);
  }

  /** {@code system.training_datasets}: every version. */
  public SystemTable<?> systemTable() {
    return new SystemTable<>(
        "training_datasets", DescribedDataset.ALL_COLUMNS, () -> described(registry.all()));
  }

  private StatementPlan create(CreateTrainingDataset statement, Caller caller) {
    TableName name = fullName(services, caller, statement.name());
    if (name.name().contains("@")) {
      throw Statements.at(
          ErrorCode.INVALID_ARGUMENT,
          "a training dataset's name has no @; that is for its versions: " + statement.name(),
          statement.name().position());
    }
    positioned(statement.name(), () -> datasets.connector(name));
    Recipe recipe = recipes.of(statement, caller);
    Dataset draft =
        new Dataset(name, 0, State.NEW, recipe, Optional.empty(), Instant.now(), caller.user());
    return counting(
        statement.name(),
        explanation(draft),
        context -> datasets.create(draft, statement.ifNotExists(), statement.orReplace(), context));
  }

  private static List<String> explanation(Dataset draft) {
    List<String> lines = new ArrayList<>();
    lines.add("Create training dataset " + draft.name());
    draft.recipe().split().ifPresent(split -> lines.add("  split " + DescribedDataset.text(split)));
    for (Source source : draft.recipe().sources()) {
      String how =
          source.view().isPresent()
              ? "its definition is kept"
              : source.empty().isPresent()
                  ? "it has no rows"
                  : source.pinned()
                      ? "snapshot %d is kept".formatted(source.snapshot().getAsLong())
                      : "no snapshot is kept";
      lines.add("  %s: %s".formatted(source.name(), how));
    }
    return lines;
  }

  private StatementPlan alter(AlterTrainingDataset statement, Caller caller) {
    TableName name = fullName(services, caller, statement.name());
    return counting(
        statement.name(),
        List.of(
            switch (statement.action()) {
              case DELETE_DATA -> "Delete the rows of training dataset " + name;
              case REPRODUCE -> "Reproduce training dataset " + name;
            }),
        context -> {
          if (statement.ifExists() && registry.find(name).isEmpty()) {
            return 0;
          }
          return switch (statement.action()) {
            case DELETE_DATA -> {
              datasets.deleteData(name);
              yield 0;
            }
            case REPRODUCE -> datasets.reproduce(name, context);
          };
        });
  }

  private StatementPlan drop(DropTrainingDataset statement, Caller caller) {
    TableName name = fullName(services, caller, statement.name());
    return counting(
        statement.name(),
        List.of("Drop training dataset " + name),
        context -> {
          datasets.drop(name, statement.ifExists());
          return 0;
        });
  }

  private static StatementPlan counting(
      Name name, List<String> explanation, ToLongFunction<StatementContext> work) {
    return new StatementPlan.Update(
        List.of(),
        () -> explanation,
        (context, parameters) -> {
          long[] count = new long[1];
          positioned(name, () -> count[0] = work.applyAsLong(context));
          return count[0];
        });
  }

  private StatementPlan show(ShowTrainingDatasets statement, Caller caller) {
    Predicate<TableName> in = Statements.in(services, caller, statement.in());
    Predicate<String> like = LikePattern.of(statement.like());
    return rows(
        "Show training datasets",
        DescribedDataset.COLUMNS,
        () ->
            described(
                last(registry.all()).stream()
                    .filter(d -> in.test(d.name()) && like.test(d.name().name()))
                    .toList()));
  }

  private static List<DescribedDataset> described(List<Dataset> datasets) {
    return datasets.stream().map(DescribedDataset::new).toList();
  }

  private static List<Dataset> last(List<Dataset> versions) {
    Map<TableName, Dataset> last = new LinkedHashMap<>();
    versions.forEach(dataset -> last.put(dataset.name(), dataset));
    return List.copyOf(last.values());
  }

  private StatementPlan describe(DescribeTrainingDataset statement, Caller caller) {
    TableName name = fullName(services, caller, statement.name());
    return rows(
        "Describe training dataset " + name,
        DescribedColumn.COLUMNS,
        () -> {
          List<DescribedColumn> all = new ArrayList<>();
          positioned(
              statement.name(), () -> all.addAll(DescribedColumn.of(datasets.require(name))));
          return all;
        });
  }
}
