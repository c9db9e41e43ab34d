package dev.kelda.ai;

import static java.util.Objects.requireNonNull;

import dev.kelda.ai.documents.ChunkFunction;
import dev.kelda.ai.documents.ReadTextFunction;
import dev.kelda.ai.embed.EmbedFunction;
import dev.kelda.ai.embed.EmbeddingServer;
import dev.kelda.ai.embed.Embeddings;
import dev.kelda.ai.index.HitsFunction;
import dev.kelda.ai.index.IndexStatements;
import dev.kelda.ai.index.Indexes;
import dev.kelda.ai.predict.MlPredictFunction;
import dev.kelda.ai.predict.PredictFunction;
import dev.kelda.ai.registry.ModelBindings;
import dev.kelda.ai.registry.ModelFiles;
import dev.kelda.ai.registry.ModelRegistry;
import dev.kelda.ai.search.RrfFunction;
import dev.kelda.ai.search.TextSearchFunction;
import dev.kelda.ai.search.VectorSearchFunction;
import dev.kelda.ai.serve.InferenceRoutes;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.Extension;
import dev.kelda.spi.extension.ExtensionFactory;
import dev.kelda.spi.extension.Metric;
import dev.kelda.spi.extension.PlannedFunction;
import dev.kelda.spi.extension.StatementHandler;
import dev.kelda.spi.http.HttpRoute;
import java.util.ArrayList;
import java.util.List;

/** What this module adds to an engine. */
public final class AiExtension implements Extension {
  private final EngineServices services;
  private final ModelRegistry registry;
  private final ModelFiles files;
  private final Models models;
  private final ModelBindings bindings;
  private final EmbeddingServer embeddingServer;
  private final Embeddings embeddings;
  private final InferenceRoutes inference;
  private final Indexes indexes;
  private final HitsFunction hits;

  private AiExtension(EngineServices services) {
    this.services = requireNonNull(services, "services is null");
    this.registry = new ModelRegistry(services.metastore());
    this.files = new ModelFiles(services.home().resolve("warehouse/models"), services.locations());
    this.models = new Models(files);
    this.bindings = new ModelBindings(registry);
    this.embeddingServer = new EmbeddingServer(services.options("embedding"));
    this.embeddings = new Embeddings(models, files, embeddingServer, services.threads());
    this.inference =
        new InferenceRoutes(registry, models, embeddings, services.allocator(), services.threads());
    this.indexes = new Indexes(services);
    this.hits = new HitsFunction(indexes);
  }

  /** Found by ServiceLoader. */
  public static final class Factory implements ExtensionFactory {
    @Override
    public String name() {
      return "ai";
    }

    @Override
    public Extension create(EngineServices services) {
      return new AiExtension(services);
    }
  }

  @Override
  public List<StatementHandler<?>> statements() {
    List<StatementHandler<?>> all =
        new ArrayList<>(new ModelStatements(services, registry, files, embeddingServer).handlers());
    all.addAll(new IndexStatements(services, indexes).handlers());
    return all;
  }

  @Override
  public List<PlannedFunction> functions() {
    return List.of(
        new PredictFunction(bindings, models), new EmbedFunction(bindings, embeddings), hits);
  }

  @Override
  public List<TableFunction> tableFunctions() {
    return List.of(
        new MlPredictFunction(registry, false),
        new MlPredictFunction(registry, true),
        new VectorSearchFunction(indexes, hits),
        new TextSearchFunction(indexes, hits),
        new RrfFunction(),
        new ReadTextFunction(services.locations()),
        new ChunkFunction());
  }

  @Override
  public List<HttpRoute> routes() {
    return inference.routes();
  }

  @Override
  public List<Metric> metrics() {
    List<Metric> all = new ArrayList<>(indexes.metrics());
    all.addAll(modelMetrics());
    return all;
  }

  private List<Metric> modelMetrics() {
    return List.of(
        Metric.of("kelda_models_loaded", "Models in memory", models.loadedModels()),
        Metric.of("kelda_model_calls_total", "Batches predicted", models.calls()),
        Metric.of("kelda_model_rows_total", "Rows and requests predicted", models.rows()));
  }

  @Override
  public void close() {
    inference.close();
    embeddings.close();
    embeddingServer.close();
    indexes.close();
    models.close();
  }
}
