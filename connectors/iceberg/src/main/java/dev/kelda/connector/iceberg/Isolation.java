package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.RowChange;
import java.util.Locale;
import java.util.Map;

/**
 * A table's choices for a kind of change, by its properties {@code write.delete.mode}, {@code
 * write.delete.isolation-level} and so on.
 *
 * @param mergeOnRead write delete files instead of replacing data files
 * @param serializable rows that others added meanwhile and that the change would have seen are
 *     conflicts too
 */
record Isolation(boolean mergeOnRead, boolean serializable) {
  static Isolation of(RowChange.Kind kind, Map<String, String> properties, int formatVersion) {
    String prefix = "write." + kind.name().toLowerCase(Locale.ROOT);
    boolean mergeOnRead =
        "merge-on-read".equalsIgnoreCase(properties.get(prefix + ".mode")) && formatVersion > 1;
    boolean snapshot = "snapshot".equalsIgnoreCase(properties.get(prefix + ".isolation-level"));
    return new Isolation(mergeOnRead, !snapshot);
  }
}
