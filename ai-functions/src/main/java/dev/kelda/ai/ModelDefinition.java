package dev.kelda.ai;

import static java.util.Objects.requireNonNull;

import dev.kelda.ai.embed.TextProbe;
import dev.kelda.ai.onnx.OnnxModel;
import dev.kelda.ai.registry.ModelFiles;
import dev.kelda.ai.registry.ModelFiles.Kind;
import dev.kelda.ai.registry.ModelVersion;
import dev.kelda.ai.registry.Signature;
import dev.kelda.ai.registry.TextModel;
import dev.kelda.ai.registry.TextModel.Pooling;
import dev.kelda.parser.ModelStatement.CreateModel;
import dev.kelda.parser.Name;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.Caller;
import dev.kelda.spi.extension.EngineServices;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What a CREATE MODEL says, as a version that is not registered yet. */
record ModelDefinition(EngineServices services, ModelFiles files, CreateModel statement) {
  private static final List<String> KEYS =
      List.of("provider", "path", "outputs", "training_dataset", "tag.…", "metric.…");
  private static final List<String> TEXT_KEYS =
      List.of("tokenizer", "pooling", "normalize", "max_tokens");
  private static final int MOST_TOKENS = 8192;
  private static final String TAG = "tag.";
  private static final String METRIC = "metric.";

  ModelDefinition {
    requireNonNull(services, "services is null");
    requireNonNull(files, "files is null");
    requireNonNull(statement, "statement is null");
  }

  /** A version and the files it needs, which are not in the warehouse yet. */
  record Draft(ModelVersion version, List<ModelFiles.Checked> files) {}

  /** Refuses properties that there are not, before anything is read. */
  ModelDefinition checked() {
    Map<String, String> properties = statement.properties();
    for (String key : properties.keySet()) {
      boolean known =
          KEYS.contains(key)
              || TEXT_KEYS.contains(key)
              || key.startsWith(TAG)
              || key.startsWith(METRIC);
      if (!known) {
        throw invalid(
            "CREATE MODEL has no property '%s'; known: %s, and for texts %s"
                .formatted(key, KEYS, TEXT_KEYS));
      }
      if (key.startsWith(METRIC)) {
        checkMetric(key.substring(METRIC.length()), properties.get(key), statement.name());
      }
      if (TEXT_KEYS.contains(key) && !properties.containsKey("tokenizer")) {
        throw invalid("'%s' is for models with a 'tokenizer'".formatted(key));
      }
    }
    if (!properties.getOrDefault("provider", "onnx").equals("onnx")) {
      throw at(
          ErrorCode.NOT_SUPPORTED,
          "there is no provider '%s' of models; there is 'onnx'"
              .formatted(properties.get("provider")));
    }
    if (!properties.containsKey("path")) {
      throw invalid("CREATE MODEL needs the file: WITH ('path' = 'model.onnx')");
    }
    return this;
  }

  /** A metric is a number. */
  static void checkMetric(String key, String text, Name model) {
    try {
      Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "the metric \"%s\" is a number, not '%s'".formatted(key, text),
          Optional.of(model.position()),
          e);
    }
  }

  /**
   * Reads the files and finds out what they are.
   *
   * @param name as models are named in the metastore
   */
  Draft draft(String name, Caller caller) {
    Map<String, String> properties = statement.properties();
    ModelFiles.Checked file = files.read(Kind.MODEL, properties.get("path"));
    Optional<ModelFiles.Checked> tokenizer =
        Optional.ofNullable(properties.get("tokenizer"))
            .map(path -> files.read(Kind.TOKENIZER, path));
    Optional<TextModel> text;
    Signature signature;
    try (OnnxModel model = OnnxModel.load(file.bytes())) {
      text = tokenizer.map(json -> TextProbe.of(model, json, textOptions(), services.allocator()));
      signature = text.map(TextModel::signature).orElseGet(() -> model.signature(outputs()));
    }
    signature =
        new Declaration(services, caller)
            .checked(signature, statement.inputs(), statement.outputs());
    ModelVersion version =
        new ModelVersion(
            name,
            1,
            file.hash(),
            file.bytes().length,
            signature,
            properties.get("path"),
            properties.getOrDefault("training_dataset", ""),
            prefixed(TAG),
            prefixed(METRIC),
            Instant.now(),
            caller.user(),
            text);
    return new Draft(
        version, tokenizer.map(json -> List.of(file, json)).orElseGet(() -> List.of(file)));
  }

  private TextProbe.Options textOptions() {
    Map<String, String> properties = statement.properties();
    List<String> outputs = outputs();
    if (outputs.size() > 1) {
      throw invalid("a model for texts has one output");
    }
    return new TextProbe.Options(
        outputs.stream().findFirst(),
        switch (properties.getOrDefault("pooling", "mean")) {
          case "mean" -> Pooling.MEAN;
          case "cls" -> Pooling.CLS;
          case String other -> throw invalid("'pooling' is 'mean' or 'cls', not '" + other + "'");
        },
        switch (properties.getOrDefault("normalize", "true")) {
          case "true" -> true;
          case "false" -> false;
          case String other ->
              throw invalid("'normalize' is 'true' or 'false', not '" + other + "'");
        },
        mostTokens(properties.getOrDefault("max_tokens", "0")));
  }

  private int mostTokens(String text) {
    int tokens = text.matches("[0-9]{1,5}") ? Integer.parseInt(text) : -1;
    if (tokens < 0 || tokens > MOST_TOKENS) {
      throw invalid("'max_tokens' is between 1 and %d, not '%s'".formatted(MOST_TOKENS, text));
    }
    return tokens;
  }

  private List<String> outputs() {
    return Arrays.stream(statement.properties().getOrDefault("outputs", "").split(","))
        .map(String::strip)
        .filter(name -> !name.isEmpty())
        .toList();
  }

  private Map<String, String> prefixed(String prefix) {
    Map<String, String> some = new TreeMap<>();
    statement
        .properties()
        .forEach(
            (key, value) -> {
              if (key.startsWith(prefix)) {
                some.put(key.substring(prefix.length()), value);
              }
            });
    return some;
  }

  private KeldaException invalid(String message) {
    return at(ErrorCode.INVALID_ARGUMENT, message);
  }

  private KeldaException at(ErrorCode code, String message) {
    return new KeldaException(code, message, statement.name().position());
  }
}
