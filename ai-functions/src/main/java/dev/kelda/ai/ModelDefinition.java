package dev.kelda.ai;

import static java.util.Objects.requireNonNull;

import dev.kelda.ai.embed.EmbeddingServer;
import dev.kelda.ai.embed.TextProbe;
import dev.kelda.ai.onnx.OnnxModel;
import dev.kelda.ai.registry.ModelFiles;
import dev.kelda.ai.registry.ModelFiles.Kind;
import dev.kelda.ai.registry.ModelVersion;
import dev.kelda.ai.registry.OnnxTextModel.Pooling;
import dev.kelda.ai.registry.Signature;
import dev.kelda.ai.registry.TextModel;
import dev.kelda.parser.ModelStatement.CreateModel;
import dev.kelda.parser.Name;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.Caller;
import dev.kelda.spi.extension.EngineServices;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What a CREATE MODEL says, as a version that is not registered yet. */
record ModelDefinition(
    EngineServices services,
    ModelFiles files,
    EmbeddingServer embeddingServer,
    CreateModel statement) {
  private static final List<String> KEYS = List.of("provider", "training_dataset");
  private static final List<String> ONNX_KEYS = List.of("path", "outputs");
  private static final List<String> TEXT_KEYS =
      List.of("tokenizer", "pooling", "normalize", "max_tokens");
  private static final List<String> OPENAI_KEYS = List.of("model", "dimensions");
  private static final int MOST_DIMENSIONS = 65_536;
  private static final int MOST_TOKENS = 8192;
  private static final String TAG = "tag.";
  private static final String METRIC = "metric.";

  ModelDefinition {
    requireNonNull(services, "services is null");
    requireNonNull(files, "files is null");
    requireNonNull(embeddingServer, "embeddingServer is null");
    requireNonNull(statement, "statement is null");
  }

  /** A version and the files it needs, which are not in the warehouse yet. */
  record Draft(ModelVersion version, List<ModelFiles.Checked> files) {}

  /** Where the model is. */
  private enum Provider {
    ONNX,
    OPENAI
  }

  private Provider provider() {
    return switch (statement.properties().getOrDefault("provider", "onnx")) {
      case "onnx" -> Provider.ONNX;
      case "openai" -> Provider.OPENAI;
      case String other ->
          throw at(
              ErrorCode.NOT_SUPPORTED,
              "there is no provider '%s' of models; there are 'onnx' and 'openai'"
                  .formatted(other));
    };
  }

  /** Refuses properties that there are not, before anything is read. */
  ModelDefinition checked() {
    Map<String, String> properties = statement.properties();
    Provider provider = provider();
    for (String key : properties.keySet()) {
      boolean known = KEYS.contains(key) || key.startsWith(TAG) || key.startsWith(METRIC);
      switch (provider) {
        case ONNX -> known |= ONNX_KEYS.contains(key) || TEXT_KEYS.contains(key);
        case OPENAI -> known |= OPENAI_KEYS.contains(key);
      }
      if (!known) {
        throw invalid(
            "CREATE MODEL has no property '%s'; known: %s, tag.…, metric.…, with the provider onnx %s and for texts %s, with openai %s"
                .formatted(key, KEYS, ONNX_KEYS, TEXT_KEYS, OPENAI_KEYS));
      }
      if (key.startsWith(METRIC)) {
        checkMetric(key.substring(METRIC.length()), properties.get(key), statement.name());
      }
      if (TEXT_KEYS.contains(key) && !properties.containsKey("tokenizer")) {
        throw invalid("'%s' is for models with a 'tokenizer'".formatted(key));
      }
    }
    switch (provider) {
      case ONNX -> require("path", "needs the file: WITH ('path' = 'model.onnx')");
      case OPENAI -> {
        require("model", "needs the model's name: WITH ('provider' = 'openai', 'model' = '…')");
        embeddingServer.url();
      }
    }
    return this;
  }

  private void require(String key, String needed) {
    if (statement.properties().getOrDefault(key, "").isEmpty()) {
      throw invalid("CREATE MODEL " + needed);
    }
  }

  /** Where the model comes from, for people. */
  String source() {
    return switch (provider()) {
      case ONNX -> statement.properties().get("path");
      case OPENAI -> embeddingServer.url() + " " + statement.properties().get("model");
    };
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
   * Reads the files, or asks the server, and finds out what the model is.
   *
   * @param name as models are named in the metastore
   * @param checkpoint throws when the statement shall stop
   */
  Draft draft(String name, Caller caller, Runnable checkpoint) {
    return switch (provider()) {
      case ONNX -> onnx(name, caller);
      case OPENAI -> remote(name, caller, checkpoint);
    };
  }

  private Draft onnx(String name, Caller caller) {
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
    return new Draft(
        version(name, caller, file.hash(), file.bytes().length, signature, text),
        tokenizer.map(json -> List.of(file, json)).orElseGet(() -> List.of(file)));
  }

  /** A model elsewhere has no file; its hash tells it from others. */
  private Draft remote(String name, Caller caller, Runnable checkpoint) {
    TextModel text =
        embeddingServer.probe(
            statement.properties().get("model"), number("dimensions", MOST_DIMENSIONS), checkpoint);
    String hash = ModelFiles.hash(source().getBytes(StandardCharsets.UTF_8));
    return new Draft(
        version(name, caller, hash, 0, text.signature(), Optional.of(text)), List.of());
  }

  private ModelVersion version(
      String name,
      Caller caller,
      String hash,
      long size,
      Signature found,
      Optional<TextModel> text) {
    return new ModelVersion(
        name,
        1,
        hash,
        size,
        new Declaration(services, caller).checked(found, statement.inputs(), statement.outputs()),
        source(),
        statement.properties().getOrDefault("training_dataset", ""),
        prefixed(TAG),
        prefixed(METRIC),
        Instant.now(),
        caller.user(),
        text);
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
        number("max_tokens", MOST_TOKENS));
  }

  /** 0 = not said. */
  private int number(String key, int most) {
    String text = statement.properties().getOrDefault(key, "0");
    int number = text.matches("[0-9]{1,5}") ? Integer.parseInt(text) : -1;
    if (number < 0 || number > most) {
      throw invalid("'%s' is between 1 and %d, not '%s'".formatted(key, most, text));
    }
    return number;
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
