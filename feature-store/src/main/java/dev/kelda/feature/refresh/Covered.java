package dev.kelda.feature.refresh;

import static java.util.stream.Collectors.toMap;

import dev.kelda.feature.registry.Json;
import dev.kelda.feature.registry.ViewTables;
import dev.kelda.spi.connector.SnapshotTable;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.View;
import dev.kelda.spi.extension.EngineServices.NamedTable;
import dev.kelda.spi.extension.QueryAnalysis;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * What the rows of a view's table were made of, as it stands in the snapshot's summary.
 *
 * @param sources by full name
 * @param whole all rows are of these; false after a refresh of a range
 */
record Covered(Map<String, Source> sources, boolean whole) {
  Covered {
    sources = new TreeMap<>(sources);
  }

  /**
   * A table or view that the query reads.
   *
   * @param snapshot empty for a table that never had rows, a view, and a table without snapshots
   * @param view its version; empty for a table
   * @param known whether it can be told if its rows have changed
   */
  record Source(OptionalLong snapshot, Optional<String> view, boolean known) {
    static Source of(Table table) {
      return switch (table) {
        case View view -> new Source(OptionalLong.empty(), Optional.of(view.version()), true);
        case SnapshotTable snapshots ->
            new Source(
                snapshots.snapshotId().map(OptionalLong::of).orElseGet(OptionalLong::empty),
                Optional.empty(),
                true);
        default -> new Source(OptionalLong.empty(), Optional.empty(), false);
      };
    }
  }

  static Covered of(QueryAnalysis query, boolean whole) {
    return new Covered(
        query.tables().stream()
            .collect(toMap(t -> t.fullName().toString(), t -> Source.of(t.table()), (a, b) -> a)),
        whole);
  }

  /** What a table says of itself; empty before the first refresh. */
  static Optional<Covered> of(SnapshotTable table) {
    return table.summary(ViewTables.REFRESH).map(text -> Json.read(text, Covered.class));
  }

  /** The sources that are not as they were. */
  List<NamedTable> changed(List<NamedTable> now) {
    return now.stream()
        .filter(t -> !Source.of(t.table()).equals(sources.get(t.fullName().toString())))
        .toList();
  }
}
