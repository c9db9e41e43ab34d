package dev.kelda.spi.connector;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.extension.Caller;
import dev.kelda.spi.extension.SqlQuery;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A function in FROM: {@code READ_CSV('a.csv', header => TRUE)}, {@code ML_PREDICT(TABLE t, MODEL
 * m, DESCRIPTOR(a, b))}. A call stands for a table, or for a query that takes its place.
 */
public interface TableFunction {
  /** Upper case; {@code ML.PREDICT} is called with its dot. */
  String name();

  /** In positional order; the required ones come first. */
  List<Parameter> parameters();

  /** One sentence for SHOW FUNCTIONS. */
  String description();

  /**
   * What the call stands for. The default asks {@link #apply}, for functions of constants alone.
   *
   * @throws dev.kelda.spi.error.KeldaException with a USER code; the engine adds the position
   */
  default Expansion expand(Call call) {
    Map<String, Scalar> constants = new LinkedHashMap<>();
    call.arguments()
        .forEach((name, value) -> constants.put(name, ((Argument.Constant) value).value()));
    return new Expansion.Rows(apply(constants));
  }

  /**
   * The table of a function whose parameters are all constants.
   *
   * @param arguments by parameter name (lower case); only those given, already of the declared type
   */
  default Table apply(Map<String, Scalar> arguments) {
    throw new UnsupportedOperationException(name() + " has no apply");
  }

  /**
   * @param name lower case
   * @param type of a constant; any type for the other kinds
   */
  record Parameter(String name, Kind kind, ArrowType type, boolean required) {
    public Parameter {
      requireNonNull(name, "name is null");
      requireNonNull(kind, "kind is null");
      requireNonNull(type, "type is null");
    }

    /** A constant. */
    public Parameter(String name, ArrowType type, boolean required) {
      this(name, Kind.CONSTANT, type, required);
    }
  }

  /** What may stand for a parameter. */
  enum Kind {
    CONSTANT,
    /** {@code TABLE t}, a table's name or {@code (query)}. */
    RELATION,
    /** {@code DESCRIPTOR(a, b)}. */
    COLUMNS,
    /** {@code MODEL m}, or its name as a text. */
    MODEL,
    /** Anything with a value: columns of a lateral neighbour, {@code ?}, calls. */
    EXPRESSION,
    /** A call in FROM that is a search. */
    SEARCH
  }

  /** What stands for a parameter. */
  sealed interface Argument {
    record Constant(Scalar value) implements Argument {}

    /**
     * @param placeholder stands for the relation in the text of an {@link Expansion.Query}'s FROM
     * @param table the name as written, when it is one
     * @param pinned the table of that name, as the statement sees it; empty for a query
     * @param schema known when asked for; asking costs a validation
     */
    record Relation(
        String placeholder,
        Optional<List<String>> table,
        Optional<Table> pinned,
        Supplier<Schema> schema)
        implements Argument {}

    /** In the order written. */
    record Columns(List<String> names) implements Argument {
      public Columns {
        names = List.copyOf(names);
      }
    }

    /**
     * @param name as written, its parts joined by dots
     */
    record Model(String name) implements Argument {}

    /**
     * @param placeholder stands for the expression in the text of an {@link Expansion.Query}
     * @param constant its value, when it is one
     */
    record Expression(String placeholder, Optional<Scalar> constant) implements Argument {}

    /**
     * @param version as in {@link Expansion.Found}
     */
    record Searched(Search search, Supplier<String> version) implements Argument {}
  }

  /**
   * @param arguments by parameter name; only those given
   */
  record Call(Caller caller, Map<String, Argument> arguments) {
    public Call {
      requireNonNull(caller, "caller is null");
      arguments = Map.copyOf(arguments);
    }

    public <A extends Argument> Optional<A> argument(String name, Class<A> type) {
      return Optional.ofNullable(arguments.get(name)).map(type::cast);
    }
  }

  /** What a call stands for. */
  sealed interface Expansion {
    /** Rows of files or of Java; projection, filters and limit reach its scan. */
    record Rows(Table table) implements Expansion {
      public Rows {
        requireNonNull(table, "table is null");
      }
    }

    /**
     * A query, planned in the call's place.
     *
     * @param version of what the query was made from besides its text, as it is when asked
     */
    record Query(SqlQuery query, Supplier<String> version) implements Expansion {
      public Query {
        requireNonNull(query, "query is null");
        requireNonNull(version, "version is null");
      }
    }

    /**
     * A search, planned in the call's place.
     *
     * @param version of what answers it, as it is when asked
     */
    record Found(Search search, Supplier<String> version) implements Expansion {
      public Found {
        requireNonNull(search, "search is null");
        requireNonNull(version, "version is null");
      }
    }
  }
}
