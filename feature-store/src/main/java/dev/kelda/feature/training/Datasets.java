package dev.kelda.feature.training;

import static java.util.Objects.requireNonNull;

import dev.kelda.feature.training.Dataset.ColumnStatistics;
import dev.kelda.feature.training.Dataset.Contents;
import dev.kelda.feature.training.Dataset.State;
import dev.kelda.spi.connector.AlterableConnector;
import dev.kelda.spi.connector.Connector;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableDefinition;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.EngineServices.TableName;
import dev.kelda.spi.extension.Scope;
import dev.kelda.spi.extension.SqlQuery;
import dev.kelda.spi.extension.StatementContext;
import dev.kelda.spi.rows.TypeNames;
import dev.kelda.spi.run.Progress;
import dev.kelda.spi.run.Runs;
import dev.kelda.spi.testing.CrashPoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * Makes, empties, reproduces and drops training datasets. What was begun and not completed by a
 * process that died is removed before the dataset is changed next. Thread-safe.
 */
final class Datasets {
  private final EngineServices services;
  private final DatasetRegistry registry;
  private final Sources sources;
  private final Map<TableName, ReentrantLock> locks = new ConcurrentHashMap<>();

  Datasets(EngineServices services, DatasetRegistry registry) {
    this.services = requireNonNull(services, "services is null");
    this.registry = requireNonNull(registry, "registry is null");
    this.sources = new Sources(services);
  }

  /**
   * @throws KeldaException NOT_SUPPORTED when the catalog cannot keep training datasets
   */
  AlterableConnector connector(TableName name) {
    Connector connector = services.connector(name.catalog()).orElseThrow();
    if (connector instanceof AlterableConnector alterable) {
      return alterable;
    }
    throw new KeldaException(
        ErrorCode.NOT_SUPPORTED,
        "catalog \"%s\" keeps no training datasets; only Iceberg catalogs do"
            .formatted(name.catalog()));
  }

  /**
   * Makes a new version, which becomes the one that the name means.
   *
   * @return rows written; 0 when there is one and {@code ifNotExists}
   * @throws KeldaException TABLE_EXISTS
   */
  long create(Dataset draft, boolean ifNotExists, boolean orReplace, StatementContext context) {
    return locked(
        draft.name(),
        () -> {
          settle(draft.name());
          boolean exists = registry.find(draft.name()).isPresent();
          if (exists && ifNotExists && !orReplace) {
            return 0L;
          }
          if (exists && !orReplace) {
            throw new KeldaException(
                ErrorCode.TABLE_EXISTS,
                "training dataset \"%s\" exists already; CREATE OR REPLACE TRAINING DATASET adds a version"
                    .formatted(draft.name().name()));
          }
          if (!exists && services.table(context.caller(), draft.name().parts()).isPresent()) {
            throw new KeldaException(
                ErrorCode.TABLE_EXISTS, "table \"%s\" exists already".formatted(draft.name()));
          }
          Dataset begun = registry.begin(draft);
          CrashPoint.reached("training.begun");
          try {
            Contents contents =
                recorded("create_training_dataset", begun, context, p -> make(begun, context, p));
            registry.complete(begun, contents);
            services.namesChanged();
            return contents.rows();
          } catch (RuntimeException e) {
            remove(begun);
            throw e;
          }
        });
  }

  private <T> T recorded(
      String kind, Dataset dataset, StatementContext context, Runs.Work<T> work) {
    return services
        .runs()
        .record(
            new Runs.Subject(
                kind, dataset.toString(), context.caller().user(), Optional.of(context.queryId())),
            work);
  }

  private Contents make(Dataset dataset, StatementContext context, Progress progress) {
    progress.detail("keeping the snapshots of the sources");
    sources.pin(dataset);
    CrashPoint.reached("training.pinned");
    fill(dataset, context, progress);
    CrashPoint.reached("training.filled");
    return contents(dataset, context, progress);
  }

  private void fill(Dataset dataset, StatementContext context, Progress progress) {
    Map<TableName, Table> then = sources.then(dataset);
    TableName at = dataset.table();
    connector(at)
        .createTable(
            at.schema(),
            at.name(),
            TableDefinition.of(dataset.recipe().columns())
                .withProperties(Map.of(TableDefinition.PART_OF, dataset.owner())));
    progress.detail("running the query");
    Scope scope =
        new Scope(
            dataset.recipe().catalog(), dataset.recipe().schema(), then, dataset.owner(), Map.of());
    context.execute(scope, SqlQuery.of(new DatasetSql(dataset).insert()), List.of());
  }

  private Contents contents(Dataset dataset, StatementContext context, Progress progress) {
    progress.detail("statistics and checksum");
    DatasetSql sql = new DatasetSql(dataset);
    Checksum.Result checksum;
    try (ArrowReader rows = context.query(SqlQuery.of(sql.rows()), List.of())) {
      checksum = Checksum.of(rows, progress::add);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    try (ArrowReader row = context.query(SqlQuery.of(sql.statistics()), List.of())) {
      row.loadNextBatch();
      return new Contents(
          checksum.rows(),
          checksum.checksum(),
          statistics(dataset.recipe().columns().getFields(), row.getVectorSchemaRoot()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<ColumnStatistics> statistics(List<Field> columns, VectorSchemaRoot row) {
    List<ColumnStatistics> all = new ArrayList<>();
    int at = 1;
    for (Field column : columns) {
      all.add(
          new ColumnStatistics(
              column.getName(),
              TypeNames.of(column),
              number(row, at),
              number(row, at + 1),
              value(row, at + 2).map(Object::toString),
              value(row, at + 3).map(Object::toString),
              value(row, at + 4).map(mean -> ((Number) mean).doubleValue())));
      at += 5;
    }
    return all;
  }

  private static long number(VectorSchemaRoot row, int column) {
    return row.getVector(column) instanceof BigIntVector v
        ? v.get(0)
        : ((Number) row.getVector(column).getObject(0)).longValue();
  }

  private static Optional<Object> value(VectorSchemaRoot row, int column) {
    return Optional.ofNullable(row.getVector(column).getObject(0));
  }

  /** Removes the rows and their files; what they were stays known. */
  void deleteData(TableName name) {
    locked(
        name,
        () -> {
          Dataset dataset = require(name);
          registry.setState(dataset, State.EMPTY);
          CrashPoint.reached("training.emptied");
          dropTable(dataset);
          services.namesChanged();
          return null;
        });
  }

  /**
   * Makes the rows again.
   *
   * @return rows written
   * @throws KeldaException INVALID_STATEMENT when they are there; INVALID_ARGUMENT when a snapshot
   *     is gone, or other rows came
   */
  long reproduce(TableName name, StatementContext context) {
    return locked(
        name,
        () -> {
          Dataset dataset = require(name);
          if (dataset.state() == State.READY) {
            throw new KeldaException(
                ErrorCode.INVALID_STATEMENT,
                "training dataset \"%s\" has its rows; REPRODUCE makes them again after DELETE DATA"
                    .formatted(name.name()));
          }
          return recorded(
              "reproduce_training_dataset", dataset, context, p -> reproduce(dataset, context, p));
        });
  }

  private long reproduce(Dataset dataset, StatementContext context, Progress progress) {
    dropTable(dataset); // of an attempt that was cut off
    try {
      fill(dataset, context, progress);
      Contents made = contents(dataset, context, progress);
      Contents known = dataset.contents().orElseThrow();
      if (!made.checksum().equals(known.checksum())) {
        throw new KeldaException(ErrorCode.INVALID_ARGUMENT, differs(dataset, known, made));
      }
      registry.setState(dataset, State.READY);
      services.namesChanged();
      return made.rows();
    } catch (RuntimeException e) {
      dropTable(dataset);
      throw e;
    }
  }

  private static String differs(Dataset dataset, Contents known, Contents made) {
    List<String> loose =
        dataset.recipe().sources().stream()
            .filter(s -> s.view().isEmpty() && s.empty().isEmpty() && !s.pinned())
            .map(source -> source.name().toString())
            .toList();
    return "training dataset \"%s\" was not made again: it had %d rows with checksum %s, the query gives %d rows with checksum %s now%s"
        .formatted(
            dataset.name().name(),
            known.rows(),
            known.checksum(),
            made.rows(),
            made.checksum(),
            loose.isEmpty() ? "" : "; no snapshot is kept of " + String.join(", ", loose));
  }

  /** Drops one version, or all of them when the name has none. */
  void drop(TableName name, boolean ifExists) {
    locked(
        name,
        () -> {
          Optional<Dataset> found = registry.find(name);
          if (found.isEmpty() && ifExists) {
            return null;
          }
          Dataset one = require(name);
          List<Dataset> gone =
              name.name().equalsIgnoreCase(one.name().name())
                  ? registry.versions(one.name())
                  : List.of(one);
          gone.forEach(dataset -> registry.setState(dataset, State.DROPPING));
          settle(one.name());
          services.namesChanged();
          return null;
        });
  }

  /**
   * @throws KeldaException TABLE_NOT_FOUND
   */
  Dataset require(TableName name) {
    return registry
        .find(name)
        .orElseThrow(
            () ->
                new KeldaException(
                    ErrorCode.TABLE_NOT_FOUND,
                    "there is no training dataset \"%s\"%s"
                        .formatted(
                            name.name(),
                            dev.kelda.planner.catalog.Names.suggestion(
                                name.name(),
                                registry.all().stream().map(d -> d.name().name()).toList()))));
  }

  /** Removes what is going away, and what a process that died left half done. */
  private void settle(TableName name) {
    registry.versions(name).stream()
        .filter(d -> d.state() == State.NEW || d.state() == State.DROPPING)
        .forEach(this::remove);
  }

  private void remove(Dataset dataset) {
    dropTable(dataset);
    sources.release(dataset);
    registry.remove(dataset);
  }

  private void dropTable(Dataset dataset) {
    TableName at = dataset.table();
    boolean ours =
        connector(at)
            .table(at.schema(), at.name())
            .flatMap(Table::partOf)
            .filter(dataset.owner()::equals)
            .isPresent();
    if (ours) {
      connector(at).dropTable(at.schema(), at.name());
    }
  }

  /** One at a time changes a dataset, whatever version it names. */
  private <T> T locked(TableName name, Supplier<T> work) {
    TableName whole = dev.kelda.feature.registry.FeatureViewRegistry.Reference.of(name).view();
    ReentrantLock lock = locks.computeIfAbsent(whole, any -> new ReentrantLock());
    lock.lock();
    try {
      return work.get();
    } finally {
      lock.unlock();
    }
  }
}
