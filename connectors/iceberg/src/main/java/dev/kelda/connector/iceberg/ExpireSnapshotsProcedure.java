package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.Procedure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.ExpireSnapshots;
import org.apache.iceberg.FileContent;
import org.apache.iceberg.ManifestContent;
import org.apache.iceberg.ManifestFile;
import org.apache.iceberg.ManifestFiles;
import org.apache.iceberg.ManifestReader;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.StatisticsFile;
import org.apache.iceberg.Table;

/** {@code expire_snapshots}: forgets old snapshots and deletes the files that only they had. */
final class ExpireSnapshotsProcedure {
  private static final Duration DEFAULT_AGE = Duration.ofDays(5);

  private ExpireSnapshotsProcedure() {}

  static Procedure of(Maintained tables) {
    return Procedures.onTable(
        tables,
        "expire_snapshots",
        List.of(
            Procedures.optional("older_than", Procedure.ArgumentType.TIMESTAMP),
            Procedures.optional("retain_last", Procedure.ArgumentType.NUMBER),
            Procedures.optional("max_concurrent_deletes", Procedure.ArgumentType.NUMBER),
            Procedures.optional("stream_results", Procedure.ArgumentType.TRUTH),
            Procedures.optional("snapshot_ids", Procedure.ArgumentType.NUMBERS),
            Procedures.optional("clean_expired_metadata", Procedure.ArgumentType.TRUTH)),
        List.of(
            Procedures.number("deleted_data_files_count"),
            Procedures.number("deleted_position_delete_files_count"),
            Procedures.number("deleted_equality_delete_files_count"),
            Procedures.number("deleted_manifest_files_count"),
            Procedures.number("deleted_manifest_lists_count"),
            Procedures.number("deleted_statistics_files_count")),
        (table, arguments, context) -> expire(table, arguments));
  }

  private static List<List<Object>> expire(Table table, Procedure.Arguments arguments) {
    Kinds kinds = new Kinds(table);
    ExpireSnapshots expire = table.expireSnapshots();
    ManifestWorkers.lendTo(expire, table);
    List<?> ids = arguments.find("snapshot_ids", List.class).orElse(List.of());
    ids.forEach(id -> expire.expireSnapshotId((Long) id));
    boolean byAge = arguments.values().containsKey("older_than") || ids.isEmpty();
    if (byAge) {
      long fallback = System.currentTimeMillis() - DEFAULT_AGE.toMillis();
      expire.expireOlderThan(
          arguments.find("older_than", Long.class).map(micros -> micros / 1000).orElse(fallback));
    }
    arguments
        .find("retain_last", Long.class)
        .ifPresent(count -> expire.retainLast(Math.toIntExact(count)));
    arguments.find("clean_expired_metadata", Boolean.class).ifPresent(expire::cleanExpiredMetadata);
    Set<String> expired = ConcurrentHashMap.newKeySet();
    expire.deleteWith(expired::add).commit();
    table.refresh();
    Set<String> deleted = new HashSet<>();
    for (String file : withoutShared(expired, kinds, table)) {
      try {
        table.io().deleteFile(file);
        deleted.add(file);
      } catch (RuntimeException e) {
        // The snapshots are gone; remove_orphan_files finds what is left of them.
        System.getLogger(ExpireSnapshotsProcedure.class.getName())
            .log(System.Logger.Level.WARNING, "cannot delete " + file, e);
      }
    }
    Map<Kind, Long> counts =
        deleted.stream().collect(Collectors.groupingBy(kinds::of, Collectors.counting()));
    return List.of(
        Procedures.row(
            counts.getOrDefault(Kind.DATA, 0L),
            counts.getOrDefault(Kind.POSITION_DELETES, 0L),
            counts.getOrDefault(Kind.EQUALITY_DELETES, 0L),
            counts.getOrDefault(Kind.MANIFEST, 0L),
            counts.getOrDefault(Kind.MANIFEST_LIST, 0L),
            counts.getOrDefault(Kind.STATISTICS, 0L)));
  }

  /**
   * Without the Puffin files that hold another deletion vector, one that is still in use: Iceberg
   * 1.12 takes a file for unused when any of its vectors is.
   */
  private static Set<String> withoutShared(Set<String> expired, Kinds kinds, Table table) {
    Set<String> unused = new HashSet<>(expired);
    if (expired.stream().noneMatch(file -> kinds.of(file) == Kind.POSITION_DELETES)) {
      return unused;
    }
    Set<String> read = new HashSet<>();
    for (Snapshot snapshot : table.snapshots()) {
      for (ManifestFile manifest : snapshot.deleteManifests(table.io())) {
        if (read.add(manifest.path())) {
          forEachDelete(manifest, table, delete -> unused.remove(delete.location()));
        }
      }
    }
    return unused;
  }

  private static void forEachDelete(
      ManifestFile manifest, Table table, Consumer<DeleteFile> action) {
    try (ManifestReader<DeleteFile> files =
        ManifestFiles.readDeleteManifest(manifest, table.io(), table.specs())) {
      files.forEach(action);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private enum Kind {
    DATA,
    POSITION_DELETES,
    EQUALITY_DELETES,
    MANIFEST,
    MANIFEST_LIST,
    STATISTICS
  }

  /** What the table's files are; those not listed are data. */
  private static final class Kinds {
    private final Map<String, Kind> known = new HashMap<>();

    Kinds(Table table) {
      for (Snapshot snapshot : table.snapshots()) {
        if (snapshot.manifestListLocation() != null) {
          known.put(snapshot.manifestListLocation(), Kind.MANIFEST_LIST);
        }
        for (ManifestFile manifest : snapshot.allManifests(table.io())) {
          if (known.put(manifest.path(), Kind.MANIFEST) == null
              && manifest.content() == ManifestContent.DELETES) {
            forEachDelete(manifest, table, this::note);
          }
        }
      }
      for (StatisticsFile file : table.statisticsFiles()) {
        known.put(file.path(), Kind.STATISTICS);
      }
      table.partitionStatisticsFiles().forEach(file -> known.put(file.path(), Kind.STATISTICS));
    }

    private void note(DeleteFile file) {
      boolean byValue = file.content() == FileContent.EQUALITY_DELETES;
      known.put(file.location(), byValue ? Kind.EQUALITY_DELETES : Kind.POSITION_DELETES);
    }

    Kind of(String location) {
      return known.getOrDefault(location, Kind.DATA);
    }
  }
}
