package dev.kelda.ai;

import static java.util.stream.Collectors.joining;

import dev.kelda.ai.embed.EmbeddingServer;
import dev.kelda.ai.registry.ModelFiles;
import dev.kelda.ai.registry.ModelRegistry;
import dev.kelda.ai.registry.ModelRegistry.Alias;
import dev.kelda.ai.registry.ModelRegistry.Note;
import dev.kelda.ai.registry.ModelVersion;
import dev.kelda.ai.registry.TextModel;
import dev.kelda.parser.ModelStatement.AlterModel;
import dev.kelda.parser.ModelStatement.CreateModel;
import dev.kelda.parser.ModelStatement.DescribeModel;
import dev.kelda.parser.ModelStatement.DropModel;
import dev.kelda.parser.ModelStatement.ShowModels;
import dev.kelda.parser.Name;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.Caller;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.LikePattern;
import dev.kelda.spi.extension.StatementContext;
import dev.kelda.spi.extension.StatementHandler;
import dev.kelda.spi.extension.StatementPlan;
import dev.kelda.spi.rows.Columns;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** CREATE, ALTER, DROP, SHOW and DESCRIBE MODEL. */
record ModelStatements(
    EngineServices services,
    ModelRegistry registry,
    ModelFiles files,
    EmbeddingServer embeddingServer) {
  private static Columns<Described> columns() {
    return Columns.of(Described.class)
        .text("name", d -> d.version().model())
        .number("version", d -> d.version().version())
        .text("aliases", Described::aliases)
        .text("signature", d -> d.version().signature().toString())
        .text("text_model", d -> d.version().text().map(TextModel::toString).orElse(""))
        .text("tags", d -> d.version().tags().toString())
        .text("metrics", d -> d.version().metrics().toString())
        .text("training_dataset", d -> d.version().trainingDataset())
        .text("source", d -> d.version().source())
        .text("hash", d -> d.version().hash())
        .number("bytes", d -> d.version().size())
        .instant("created_at", d -> d.version().createdAt())
        .text("created_by", d -> d.version().createdBy());
  }

  private record Described(ModelVersion version, String aliases) {}

  List<StatementHandler<?>> handlers() {
    return List.of(
        StatementHandler.of(CreateModel.class, this::create),
        StatementHandler.of(AlterModel.class, this::alter),
        StatementHandler.of(DropModel.class, this::drop),
        StatementHandler.of(ShowModels.class, this::show),
        StatementHandler.of(DescribeModel.class, this::describe));
  }

  private StatementPlan create(CreateModel statement, Caller caller) {
    String name = name(statement.name());
    ModelDefinition definition =
        new ModelDefinition(services, files, embeddingServer, statement).checked();
    return update(
        "Create model " + name + " from '" + definition.source() + "'",
        context -> {
          boolean exists = registry.exists(name);
          if (exists && statement.ifNotExists()) {
            return;
          }
          if (exists && !statement.orReplace()) {
            throw at(
                ErrorCode.MODEL_EXISTS,
                "model \"" + name + "\" exists already; CREATE OR REPLACE MODEL adds a version",
                statement.name());
          }
          ModelDefinition.Draft draft = definition.draft(name, caller, context::checkpoint);
          draft.files().forEach(files::keep);
          registry.add(draft.version(), statement.orReplace());
          draft.files().forEach(files::keep); // a sweep may have taken them before they were needed
          services.namesChanged();
        });
  }

  private StatementPlan alter(AlterModel statement, Caller caller) {
    String key = statement.key();
    Optional<String> value = statement.value();
    Supplier<String> explanation =
        () ->
            "%s %s of model %s%s"
                .formatted(
                    value.isPresent() ? "Set" : "Drop",
                    statement.property().name().toLowerCase(Locale.ROOT) + " " + key,
                    statement.name(),
                    value.map(text -> " to " + text).orElse(""));
    return switch (statement.property()) {
      case ALIAS -> update(explanation.get(), alias(statement));
      case TAG ->
          update(
              explanation.get(),
              () -> registry.note(reference(statement.name()), Note.TAG, key, value));
      case METRIC -> {
        value.ifPresent(text -> ModelDefinition.checkMetric(key, text, statement.name()));
        yield update(
            explanation.get(),
            () -> registry.note(reference(statement.name()), Note.METRIC, key, value));
      }
    };
  }

  private Runnable alias(AlterModel statement) {
    String model = name(statement.name());
    String alias = statement.key();
    if (!alias.matches("[\\p{L}_][\\p{L}\\p{N}_]*")) {
      throw at(
          ErrorCode.INVALID_ARGUMENT,
          "an alias is a word that does not begin with a digit",
          statement.name());
    }
    Optional<Long> version = statement.value().map(text -> version(text, statement.name()));
    return () -> {
      version.ifPresentOrElse(
          number -> registry.setAlias(model, alias, number),
          () -> registry.dropAlias(model, alias));
      services.namesChanged();
    };
  }

  private static long version(String text, Name name) {
    if (!text.matches("[0-9]{1,18}")) {
      throw at(
          ErrorCode.INVALID_ARGUMENT, "an alias is set to a version's number, not " + text, name);
    }
    return Long.parseLong(text);
  }

  private StatementPlan drop(DropModel statement, Caller caller) {
    String name = name(statement.name());
    return update(
        "Drop model " + name,
        () -> {
          if (!registry.drop(name) && !statement.ifExists()) {
            throw at(
                ErrorCode.MODEL_NOT_FOUND, "there is no model \"" + name + "\"", statement.name());
          }
          services.namesChanged();
          files.sweep(registry::files);
        });
  }

  private StatementPlan show(ShowModels statement, Caller caller) {
    Predicate<String> like = LikePattern.of(statement.like());
    return rows(
        "Show models",
        aliases ->
            registry.latest().stream()
                .filter(version -> like.test(version.model()))
                .map(version -> new Described(version, shown(version.model(), aliases)))
                .toList());
  }

  private StatementPlan describe(DescribeModel statement, Caller caller) {
    String name = name(statement.name());
    return rows(
        "Describe model " + name,
        aliases -> {
          List<ModelVersion> versions = registry.versions(name);
          if (versions.isEmpty()) {
            throw at(
                ErrorCode.MODEL_NOT_FOUND, "there is no model \"" + name + "\"", statement.name());
          }
          return versions.stream().map(v -> new Described(v, shown(v, aliases))).toList();
        });
  }

  private StatementPlan rows(String explanation, Function<List<Alias>, List<Described>> described) {
    Columns<Described> columns = columns();
    return new StatementPlan.Rows(
        columns.schema(),
        List.of(),
        () -> List.of(explanation),
        (context, parameters) ->
            columns.reader(context.allocator(), described.apply(registry.aliases())));
  }

  /** {@code champion=1, rival=3}: a model's aliases and what they mean. */
  private static String shown(String model, List<Alias> all) {
    return all.stream()
        .filter(a -> a.model().equals(model))
        .map(a -> a.alias() + "=" + a.version())
        .collect(joining(", "));
  }

  /** {@code champion, rival}: the aliases of one version. */
  private static String shown(ModelVersion version, List<Alias> all) {
    return all.stream()
        .filter(a -> a.model().equals(version.model()) && a.version() == version.version())
        .map(Alias::alias)
        .collect(joining(", "));
  }

  private static StatementPlan update(String explanation, Runnable work) {
    return update(explanation, context -> work.run());
  }

  private static StatementPlan update(String explanation, Consumer<StatementContext> work) {
    return new StatementPlan.Update(
        List.of(),
        () -> List.of(explanation),
        (context, parameters) -> {
          work.accept(context);
          return 0;
        });
  }

  /** {@code delay}, or {@code "delay@3"} where a version is meant. */
  private static String reference(Name name) {
    if (name.parts().size() != 1) {
      throw at(ErrorCode.INVALID_ARGUMENT, "a model's name has one part: " + name, name);
    }
    return name.last();
  }

  /** A model's name has one part, without the @ of its versions. */
  private static String name(Name name) {
    if (name.parts().size() != 1 || name.last().contains("@")) {
      throw at(ErrorCode.INVALID_ARGUMENT, "a model's name has one part and no @: " + name, name);
    }
    return ModelRegistry.lower(name.last());
  }

  private static KeldaException at(ErrorCode code, String message, Name name) {
    return new KeldaException(code, message, name.position());
  }
}
