package dev.kelda.feature.training;

import static java.util.Objects.requireNonNull;

import dev.kelda.feature.registry.FeatureViewRegistry.Reference;
import dev.kelda.feature.registry.NoRows;
import dev.kelda.feature.training.Dataset.Source;
import dev.kelda.spi.connector.AlterableConnector;
import dev.kelda.spi.connector.Connector;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableChange;
import dev.kelda.spi.connector.TableChange.Retention;
import dev.kelda.spi.connector.TableChange.SetReference.IfExists;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.connector.TableStatistics;
import dev.kelda.spi.connector.TimeTravelConnector;
import dev.kelda.spi.connector.TimeTravelConnector.Moment;
import dev.kelda.spi.connector.Timeline;
import dev.kelda.spi.connector.View;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.EngineServices.TableName;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.apache.arrow.vector.types.pojo.Schema;

/** The sources of a dataset as they were when it was made. */
final class Sources {
  private final EngineServices services;

  Sources(EngineServices services) {
    this.services = requireNonNull(services, "services is null");
  }

  /** A table of before, with the timeline of before. */
  private record Then(Table table, Optional<Timeline> timeline) implements Table {
    @Override
    public Schema schema() {
      return table.schema();
    }

    @Override
    public TableKind kind() {
      return table.kind();
    }

    @Override
    public TableStatistics statistics() {
      return table.statistics();
    }

    @Override
    public String version() {
      return table.version();
    }

    @Override
    public List<Predicate> appliedExactly(List<Predicate> conjuncts) {
      return table.appliedExactly(conjuncts);
    }

    @Override
    public Scan scan(List<Predicate> conjuncts) {
      return table.scan(conjuncts);
    }
  }

  /** A view of before. */
  private record ViewThen(View.Definition definition, Optional<Timeline> timeline) implements View {
    @Override
    public String version() {
      return "then";
    }
  }

  /**
   * What the names of a dataset's query mean.
   *
   * @throws KeldaException INVALID_ARGUMENT naming a snapshot that is gone
   */
  Map<TableName, Table> then(Dataset dataset) {
    Map<TableName, Table> tables = new HashMap<>();
    for (Source source : dataset.recipe().sources()) {
      if (source.view().isPresent()) {
        tables.put(source.name(), new ViewThen(source.view().get(), source.timeline()));
      } else if (source.empty().isPresent()) {
        tables.put(source.name(), new NoRows(source.empty().get(), source.timeline()));
      } else if (source.snapshot().isPresent() && source.pinned()) {
        TableName place = place(source);
        Table found = snapshot(place, source.snapshot().getAsLong()).orElseThrow();
        tables.put(source.name(), new Then(found, source.timeline()));
      }
    }
    return tables;
  }

  /** A version's table has the name of the whole while it is the last one. */
  private static Stream<TableName> places(Source source) {
    return Stream.concat(
            Stream.of(source.name()),
            source.besides().stream().flatMap(b -> Stream.of(b, Reference.of(b).view())))
        .distinct();
  }

  /** Where the snapshot is now. */
  private TableName place(Source source) {
    long id = source.snapshot().getAsLong();
    return places(source)
        .filter(place -> snapshot(place, id).isPresent())
        .findFirst()
        .orElseThrow(
            () ->
                new KeldaException(
                    ErrorCode.INVALID_ARGUMENT,
                    "the rows cannot be made: snapshot %d of %s is gone"
                        .formatted(id, source.name())));
  }

  private Optional<Table> snapshot(TableName name, long id) {
    Optional<Connector> connector = services.connector(name.catalog());
    if (connector.isEmpty() || !(connector.get() instanceof TimeTravelConnector past)) {
      return Optional.empty();
    }
    try {
      return past.tableAsOf(name.schema(), name.name(), new Moment.Snapshot(id));
    } catch (KeldaException e) {
      if (e.code() == ErrorCode.INVALID_ARGUMENT) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Keeps the snapshots until {@link #release}. May be done again. */
  void pin(Dataset dataset) {
    for (Source source : dataset.recipe().sources()) {
      if (source.pinned()) {
        change(
            place(source),
            new TableChange.SetReference(
                TableChange.Reference.TAG,
                dataset.tag(),
                OptionalLong.of(source.snapshot().getAsLong()),
                IfExists.REPLACE,
                Retention.DEFAULT));
      }
    }
  }

  /** Expiry may remove the snapshots again. May be done again. */
  void release(Dataset dataset) {
    for (Source source : dataset.recipe().sources()) {
      if (source.pinned()) {
        places(source)
            .filter(this::exists)
            .forEach(
                place ->
                    change(
                        place,
                        new TableChange.DropReference(
                            TableChange.Reference.TAG, dataset.tag(), true)));
      }
    }
  }

  private boolean exists(TableName name) {
    return services
        .connector(name.catalog())
        .flatMap(connector -> connector.table(name.schema(), name.name()))
        .filter(table -> !(table instanceof View))
        .isPresent();
  }

  private void change(TableName table, TableChange change) {
    Connector connector = services.connector(table.catalog()).orElseThrow();
    ((AlterableConnector) connector).alterTable(table.schema(), table.name(), List.of(change));
  }
}
