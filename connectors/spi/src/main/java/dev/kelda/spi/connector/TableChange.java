package dev.kelda.spi.connector;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * One change of a table's definition. A column is named by its path: its name, and those of fields
 * within it; within arrays {@code element}, within maps {@code key} and {@code value}.
 */
public sealed interface TableChange {
  /**
   * @param parent path of the struct that gets a field; empty for a column of the table
   * @param defaultValue also the value of rows that are there already
   */
  record AddColumn(
      List<String> parent,
      Field column,
      Optional<Scalar> defaultValue,
      Optional<Place> place,
      boolean ifNotExists)
      implements TableChange {
    public AddColumn {
      parent = List.copyOf(parent);
      requireNonNull(column, "column is null");
      requireNonNull(defaultValue, "defaultValue is null");
      requireNonNull(place, "place is null");
    }
  }

  record DropColumn(List<String> column, boolean ifExists) implements TableChange {
    public DropColumn {
      column = List.copyOf(column);
    }
  }

  record RenameColumn(List<String> column, String name) implements TableChange {
    public RenameColumn {
      column = List.copyOf(column);
      requireNonNull(name, "name is null");
    }
  }

  /** A wider type that every value there is fits into. */
  record SetType(List<String> column, Field type) implements TableChange {
    public SetType {
      column = List.copyOf(column);
      requireNonNull(type, "type is null");
    }
  }

  record SetNullable(List<String> column, boolean nullable) implements TableChange {
    public SetNullable {
      column = List.copyOf(column);
    }
  }

  /**
   * @param value for rows to come; empty: none
   */
  record SetDefault(List<String> column, Optional<Scalar> value) implements TableChange {
    public SetDefault {
      column = List.copyOf(column);
      requireNonNull(value, "value is null");
    }
  }

  record SetColumnComment(List<String> column, Optional<String> comment) implements TableChange {
    public SetColumnComment {
      column = List.copyOf(column);
      requireNonNull(comment, "comment is null");
    }
  }

  record SetComment(Optional<String> comment) implements TableChange {
    public SetComment {
      requireNonNull(comment, "comment is null");
    }
  }

  record MoveColumn(List<String> column, Place place) implements TableChange {
    public MoveColumn {
      column = List.copyOf(column);
      requireNonNull(place, "place is null");
    }
  }

  record AddPartitionField(ColumnTransform term, Optional<String> name) implements TableChange {
    public AddPartitionField {
      requireNonNull(term, "term is null");
      requireNonNull(name, "name is null");
    }
  }

  /**
   * @param term as it was added; a plain name is also that of a partition field
   */
  record DropPartitionField(ColumnTransform term) implements TableChange {
    public DropPartitionField {
      requireNonNull(term, "term is null");
    }
  }

  /**
   * @param keys empty: no order
   */
  record SetSortOrder(List<SortKey> keys) implements TableChange {
    public SetSortOrder {
      keys = List.copyOf(keys);
    }
  }

  record SetProperties(Map<String, String> properties) implements TableChange {
    public SetProperties {
      properties = Map.copyOf(properties);
    }
  }

  record UnsetProperties(Set<String> names) implements TableChange {
    public UnsetProperties {
      names = Set.copyOf(names);
    }
  }

  /**
   * A tag or branch.
   *
   * @param snapshot empty: the current one
   * @param ifExists what to do when there is one of this name
   */
  record SetReference(
      Reference kind, String name, OptionalLong snapshot, IfExists ifExists, Retention retention)
      implements TableChange {
    public SetReference {
      requireNonNull(kind, "kind is null");
      requireNonNull(name, "name is null");
      requireNonNull(snapshot, "snapshot is null");
      requireNonNull(ifExists, "ifExists is null");
      requireNonNull(retention, "retention is null");
    }

    /** What happens to a reference that is there. */
    public enum IfExists {
      FAIL,
      KEEP,
      REPLACE,
      /** It must be there. */
      MUST_EXIST
    }
  }

  record DropReference(Reference kind, String name, boolean ifExists) implements TableChange {
    public DropReference {
      requireNonNull(kind, "kind is null");
      requireNonNull(name, "name is null");
    }
  }

  /** A name for a snapshot: one that stays, or one that moves with the writes to it. */
  enum Reference {
    TAG,
    BRANCH
  }

  /**
   * How long a reference is kept, and what of a branch.
   *
   * @param snapshots of a branch that are kept at least
   * @param snapshotAge of a branch's snapshots that are kept at least
   */
  record Retention(
      Optional<Duration> reference, OptionalInt snapshots, Optional<Duration> snapshotAge) {
    public static final Retention DEFAULT =
        new Retention(Optional.empty(), OptionalInt.empty(), Optional.empty());

    public Retention {
      requireNonNull(reference, "reference is null");
      requireNonNull(snapshots, "snapshots is null");
      requireNonNull(snapshotAge, "snapshotAge is null");
    }
  }

  /** Where a column stands among its siblings. */
  sealed interface Place {
    record First() implements Place {}

    record After(String sibling) implements Place {
      public After {
        requireNonNull(sibling, "sibling is null");
      }
    }

    record Before(String sibling) implements Place {
      public Before {
        requireNonNull(sibling, "sibling is null");
      }
    }
  }
}
