package dev.kelda.spi.connector;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.run.Progress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.vector.ipc.ArrowReader;

/** Maintenance of a catalog's tables: {@code CALL catalog.system.name(table => 't', …)}. */
public interface Procedure {
  /** Lower case. */
  String name();

  /** In positional order; the required ones come first. */
  List<Parameter> parameters();

  List<Column> columns();

  /**
   * Whether every row of the table, and what its kept snapshots say, stays as it is: such a one may
   * be called on tables that only other statements change.
   */
  default boolean keepsRows() {
    return false;
  }

  /**
   * Runs it once.
   *
   * @return rows of values, parallel to {@link #columns}: {@code String} for TEXT, {@code Long} for
   *     NUMBER, {@code Boolean} for TRUTH; null is NULL
   * @throws dev.kelda.spi.error.KeldaException as changes of tables do
   */
  List<List<Object>> call(Arguments arguments, Context context);

  /**
   * @param name lower case
   */
  record Parameter(String name, ArgumentType type, boolean required) {
    public Parameter {
      requireNonNull(name, "name is null");
      requireNonNull(type, "type is null");
    }
  }

  /** What an argument is. */
  enum ArgumentType {
    /** The name of a table that is there; resolved by the engine to {@link TableName}. */
    TABLE,
    /** A name for a table that is not there; resolved to {@link TableName}. */
    NEW_TABLE,
    /** {@code String}. */
    TEXT,
    /** {@code Long}. */
    NUMBER,
    /** {@code Boolean}. */
    TRUTH,
    /** {@code Long}, microseconds of UTC. */
    TIMESTAMP,
    /** {@code List<Long>}. */
    NUMBERS,
    /** {@code Map<String, String>}. */
    OPTIONS,
    /** {@link SortOrder}; written as {@code c DESC NULLS LAST, d} or {@code zorder(c, d)}. */
    SORT_ORDER,
    /**
     * {@link Condition} on rows of the procedure's table; written as what could stand after WHERE.
     */
    CONDITION
  }

  record Column(String name, ColumnType type) {
    public Column {
      requireNonNull(name, "name is null");
      requireNonNull(type, "type is null");
    }
  }

  /** The type of a result's column. */
  enum ColumnType {
    TEXT,
    NUMBER,
    TRUTH
  }

  /**
   * @param zOrder near each other in all keys at once; they are plain columns then
   */
  record SortOrder(boolean zOrder, List<SortKey> keys) {
    public SortOrder {
      keys = List.copyOf(keys);
    }
  }

  /**
   * @param conjuncts what predicates can say of it: every row that meets the condition passes them
   */
  record Condition(List<Predicate> conjuncts) {
    public Condition {
      conjuncts = List.copyOf(conjuncts);
    }
  }

  record TableName(String schema, String name) {
    public TableName {
      requireNonNull(schema, "schema is null");
      requireNonNull(name, "name is null");
    }

    @Override
    public String toString() {
      return schema + "." + name;
    }
  }

  /**
   * The values given, by parameter name.
   *
   * @param values of the classes that {@link ArgumentType} names
   */
  record Arguments(Map<String, Object> values) {
    public Arguments {
      values = Map.copyOf(values);
    }

    /** A required argument. */
    public <T> T value(String name, Class<T> type) {
      return find(name, type).orElseThrow();
    }

    public <T> Optional<T> find(String name, Class<T> type) {
      return Optional.ofNullable(values.get(name)).map(type::cast);
    }
  }

  /** What the engine does for a procedure. */
  interface Context {
    /**
     * Copies all rows of a source into files of a target, and commits them.
     *
     * @return rows copied
     */
    long copy(Table source, TableWrite target);

    /** All rows of a source. The caller closes the reader. */
    ArrowReader read(Table source);

    /** Writes all rows of a source; they are part of nothing until somebody commits them. */
    List<TableWrite.WrittenFile> write(Table source, TableWrite.WriteTarget target);

    /**
     * @throws dev.kelda.spi.error.KeldaException CANCELLED when the statement shall stop
     */
    void checkpoint();

    /** How far the call is, for everybody who watches. */
    Progress progress();
  }
}
