package dev.kelda.feature.training;

import static java.util.Objects.requireNonNull;

import dev.kelda.feature.training.Dataset.State;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.EngineServices.TableName;
import dev.kelda.spi.extension.TableResolver;
import java.util.Optional;

/** Names of training datasets in queries: {@code d} is its last version, {@code d@2} that one. */
record DatasetResolver(EngineServices services, DatasetRegistry registry) implements TableResolver {
  DatasetResolver {
    requireNonNull(services, "services is null");
    requireNonNull(registry, "registry is null");
  }

  @Override
  public Optional<Table> resolve(
      String catalog, String schema, String name, Optional<Table> stored) {
    if (stored.isPresent()) {
      return Optional.empty();
    }
    Optional<Dataset> found = registry.find(new TableName(catalog, schema, name));
    if (found.filter(dataset -> dataset.state() == State.EMPTY).isPresent()) {
      throw new KeldaException(
          ErrorCode.TABLE_NOT_FOUND,
          "the rows of training dataset \"%s\" were deleted; ALTER TRAINING DATASET … REPRODUCE makes them again"
              .formatted(name));
    }
    return found.flatMap(
        dataset ->
            services
                .connector(catalog)
                .flatMap(c -> c.table(dataset.table().schema(), dataset.table().name())));
  }
}
