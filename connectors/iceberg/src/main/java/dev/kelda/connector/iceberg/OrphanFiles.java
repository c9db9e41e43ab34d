package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.Procedure;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.iceberg.BaseTable;
import org.apache.iceberg.ContentFile;
import org.apache.iceberg.ManifestContent;
import org.apache.iceberg.ManifestFile;
import org.apache.iceberg.ManifestFiles;
import org.apache.iceberg.ManifestReader;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.io.FileInfo;
import org.apache.iceberg.io.SupportsPrefixOperations;

/**
 * {@code remove_orphan_files}: files below a table's location that no snapshot of it refers to.
 * Young files are kept, as a write under way may have made them.
 */
final class OrphanFiles {
  private static final Duration DEFAULT_AGE = Duration.ofDays(3);
  private static final Duration LEAST_AGE = Duration.ofHours(24);

  private OrphanFiles() {}

  static Procedures.Simple of(Maintained tables) {
    return Procedures.onTable(
        tables,
        "remove_orphan_files",
        List.of(
            Procedures.optional("older_than", Procedure.ArgumentType.TIMESTAMP),
            Procedures.optional("location", Procedure.ArgumentType.TEXT),
            Procedures.optional("dry_run", Procedure.ArgumentType.TRUTH)),
        List.of(Procedures.text("orphan_file_location")),
        (table, arguments, context) -> remove(table, tables, arguments, context));
  }

  private static List<List<Object>> remove(
      Table table, Maintained tables, Procedure.Arguments arguments, Procedure.Context context) {
    String root = Locations.url(table.location());
    String location =
        Locations.url(arguments.find("location", String.class).orElse(root)).replaceAll("/+$", "");
    tables.locations().requireInWarehouse(location);
    if (!(location + "/").startsWith(root + "/")) {
      throw invalid("location '" + location + "' is not below the table's own " + root);
    }
    for (String other : tables.locationsOfOthers(table)) {
      String url = Locations.url(other);
      if ((url + "/").startsWith(location + "/") || (location + "/").startsWith(url + "/")) {
        throw invalid("another table has its files below '" + location + "': " + url);
      }
    }
    long now = System.currentTimeMillis();
    long before =
        arguments
            .find("older_than", Long.class)
            .map(micros -> micros / 1000)
            .orElse(now - DEFAULT_AGE.toMillis());
    if (before > now - LEAST_AGE.toMillis()) {
      throw invalid(
          "older_than must lie 24 hours back or more: younger files may belong to writes under"
              + " way");
    }
    // Listed first: what is made after that is referred to by nothing that is read below.
    List<String> old = new ArrayList<>();
    for (FileInfo file : ((SupportsPrefixOperations) table.io()).listPrefix(location + "/")) {
      if (file.createdAtMillis() < before) {
        old.add(file.location());
      }
    }
    context.checkpoint();
    table.refresh();
    Set<String> referred = referred(table);
    boolean dry = arguments.find("dry_run", Boolean.class).orElse(false);
    context.progress().of(old.size(), "files");
    List<List<Object>> rows = new ArrayList<>();
    for (String file : old) {
      context.progress().add(1);
      if (!referred.contains(Locations.url(file))) {
        context.checkpoint();
        if (!dry) {
          table.io().deleteFile(file);
        }
        rows.add(Procedures.row(file));
      }
    }
    return rows;
  }

  private static Set<String> referred(Table table) {
    Set<String> files = new HashSet<>();
    TableMetadata metadata = ((BaseTable) table).operations().current();
    files.add(Locations.url(metadata.metadataFileLocation()));
    metadata.previousFiles().forEach(entry -> files.add(Locations.url(entry.file())));
    table.statisticsFiles().forEach(file -> files.add(Locations.url(file.path())));
    table.partitionStatisticsFiles().forEach(file -> files.add(Locations.url(file.path())));
    Set<String> manifests = new HashSet<>();
    for (Snapshot snapshot : table.snapshots()) {
      if (snapshot.manifestListLocation() != null) {
        files.add(Locations.url(snapshot.manifestListLocation()));
      }
      for (ManifestFile manifest : snapshot.allManifests(table.io())) {
        if (manifests.add(manifest.path())) {
          files.add(Locations.url(manifest.path()));
          contents(manifest, table, files);
        }
      }
    }
    return files;
  }

  private static void contents(ManifestFile manifest, Table table, Set<String> files) {
    try (ManifestReader<? extends ContentFile<?>> reader =
        manifest.content() == ManifestContent.DATA
            ? ManifestFiles.read(manifest, table.io(), table.specs())
            : ManifestFiles.readDeleteManifest(manifest, table.io(), table.specs())) {
      for (ContentFile<?> file : reader) {
        files.add(Locations.url(file.location()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static KeldaException invalid(String message) {
    return new KeldaException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
