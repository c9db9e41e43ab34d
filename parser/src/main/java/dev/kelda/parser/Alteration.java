package dev.kelda.parser;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.connector.TableChange;
import java.util.List;
import java.util.Optional;
import org.apache.calcite.sql.SqlDataTypeSpec;
import org.apache.calcite.sql.SqlNode;

/** One action of ALTER TABLE: ready, or with a type or value that the planner derives. */
public sealed interface Alteration {
  /** Nothing is left to derive. */
  record Ready(TableChange change) implements Alteration {
    public Ready {
      requireNonNull(change, "change is null");
    }
  }

  record AddColumn(
      List<String> parent,
      ColumnDefinition column,
      Optional<TableChange.Place> place,
      boolean ifNotExists)
      implements Alteration {
    public AddColumn {
      parent = List.copyOf(parent);
      requireNonNull(column, "column is null");
      requireNonNull(place, "place is null");
    }
  }

  record SetType(Name column, SqlDataTypeSpec type) implements Alteration {
    public SetType {
      requireNonNull(column, "column is null");
      requireNonNull(type, "type is null");
    }
  }

  /** The value is an expression without columns. */
  record SetDefault(Name column, SqlNode value) implements Alteration {
    public SetDefault {
      requireNonNull(column, "column is null");
      requireNonNull(value, "value is null");
    }
  }
}
