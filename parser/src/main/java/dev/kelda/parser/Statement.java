package dev.kelda.parser;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.error.TextPosition;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.calcite.sql.SqlNode;

/**
 * One parsed statement. Queries carry Calcite's tree, everything else is plain data. Parameters
 * ({@code ?}) are numbered from 0 in the order of the text; {@code parameterCount} counts them.
 * Property names are lower case.
 */
public sealed interface Statement {

  /** How many {@code ?} the text holds; 0 where a statement takes none. */
  default int parameterCount() {
    return 0;
  }

  private static <V> Map<String, V> ordered(Map<String, V> map) {
    return Collections.unmodifiableMap(new LinkedHashMap<>(map));
  }

  /** SELECT, VALUES, WITH, set operations, {@code FROM t}; ORDER BY and LIMIT included. */
  record Query(SqlNode query, int parameterCount) implements Statement {
    public Query {
      requireNonNull(query, "query is null");
    }
  }

  /** {@code EXPLAIN [ANALYZE] [(FORMAT text|json)] statement}. */
  record Explain(Statement statement, boolean analyze, Format format) implements Statement {
    public Explain {
      requireNonNull(statement, "statement is null");
      requireNonNull(format, "format is null");
    }

    @Override
    public int parameterCount() {
      return statement.parameterCount();
    }

    /** Layout of the plan. */
    public enum Format {
      TEXT,
      JSON
    }
  }

  record CreateSchema(Name name, boolean ifNotExists) implements Statement {
    public CreateSchema {
      requireNonNull(name, "name is null");
    }
  }

  record DropSchema(Name name, boolean ifExists, boolean cascade) implements Statement {
    public DropSchema {
      requireNonNull(name, "name is null");
    }
  }

  record CreateTable(
      Name name,
      List<ColumnDefinition> columns,
      TableLayout layout,
      boolean ifNotExists,
      boolean orReplace,
      Map<String, String> properties)
      implements Statement {
    public CreateTable {
      requireNonNull(name, "name is null");
      columns = List.copyOf(columns);
      requireNonNull(layout, "layout is null");
      properties = ordered(properties);
    }
  }

  record CreateTableAs(
      Name name,
      SqlNode query,
      TableLayout layout,
      boolean ifNotExists,
      boolean orReplace,
      Map<String, String> properties,
      int parameterCount)
      implements Statement {
    public CreateTableAs {
      requireNonNull(name, "name is null");
      requireNonNull(query, "query is null");
      requireNonNull(layout, "layout is null");
      properties = ordered(properties);
    }
  }

  record DropTable(List<Name> names, boolean ifExists) implements Statement {
    public DropTable {
      names = List.copyOf(names);
    }
  }

  /** {@code ALTER TABLE [IF EXISTS] name action, …}: all of them or none. */
  record AlterTable(Name name, List<Alteration> alterations, boolean ifExists)
      implements Statement {
    public AlterTable {
      requireNonNull(name, "name is null");
      alterations = List.copyOf(alterations);
    }
  }

  /** {@code ALTER TABLE|VIEW [IF EXISTS] name RENAME TO name}. */
  record RenameTable(Name name, Name newName, boolean ifExists, boolean view) implements Statement {
    public RenameTable {
      requireNonNull(name, "name is null");
      requireNonNull(newName, "newName is null");
    }
  }

  /**
   * {@code CREATE VIEW name [(columns)] AS query}.
   *
   * @param columns empty: as the query names them
   * @param sql the query as written
   */
  record CreateView(
      Name name,
      List<ViewColumn> columns,
      SqlNode query,
      String sql,
      Optional<String> comment,
      boolean ifNotExists,
      boolean orReplace)
      implements Statement {
    public CreateView {
      requireNonNull(name, "name is null");
      columns = List.copyOf(columns);
      requireNonNull(query, "query is null");
      requireNonNull(sql, "sql is null");
      requireNonNull(comment, "comment is null");
    }
  }

  record DropView(List<Name> names, boolean ifExists) implements Statement {
    public DropView {
      names = List.copyOf(names);
    }
  }

  /**
   * {@code COMMENT ON kind name IS 'text' | NULL}.
   *
   * @param name for COLUMN the table's name and the column's path
   * @param comment empty: none any more
   */
  record Comment(Kind kind, Name name, Optional<String> comment) implements Statement {
    public Comment {
      requireNonNull(kind, "kind is null");
      requireNonNull(name, "name is null");
      requireNonNull(comment, "comment is null");
    }

    /** What can have a comment. */
    public enum Kind {
      TABLE,
      VIEW,
      COLUMN
    }
  }

  /** {@code CALL catalog.system.procedure(arguments)}. */
  record Call(Name procedure, List<Argument> arguments) implements Statement {
    public Call {
      requireNonNull(procedure, "procedure is null");
      arguments = List.copyOf(arguments);
    }

    /**
     * @param name empty: by its place
     * @param value a constant
     */
    public record Argument(Optional<String> name, SqlNode value, TextPosition position) {
      public Argument {
        requireNonNull(name, "name is null");
        requireNonNull(value, "value is null");
        requireNonNull(position, "position is null");
      }
    }
  }

  /**
   * {@code INSERT INTO target [FOR BRANCH branch] [(columns)] source}.
   *
   * @param branch a name of one part
   * @param columns empty: all columns, in the table's order; each is a name of one part
   */
  record Insert(
      Name target, Optional<Name> branch, List<Name> columns, SqlNode source, int parameterCount)
      implements Statement {
    public Insert {
      requireNonNull(target, "target is null");
      requireNonNull(branch, "branch is null");
      columns = List.copyOf(columns);
      requireNonNull(source, "source is null");
    }
  }

  /**
   * {@code INSERT OVERWRITE target [(columns)] source}: replaces the partitions the rows are in.
   */
  record InsertOverwrite(Name target, List<Name> columns, SqlNode source, int parameterCount)
      implements Statement {
    public InsertOverwrite {
      requireNonNull(target, "target is null");
      columns = List.copyOf(columns);
      requireNonNull(source, "source is null");
    }
  }

  /**
   * UPDATE, DELETE and MERGE. The first two have no source and one clause, for matched rows.
   *
   * @param source of a MERGE: what stands after USING
   * @param condition of a MERGE what stands after ON, else after WHERE
   */
  record Change(
      Kind kind,
      Name target,
      Optional<String> alias,
      Optional<SqlNode> source,
      Optional<SqlNode> condition,
      List<ChangeClause> clauses,
      int parameterCount)
      implements Statement {
    public Change {
      requireNonNull(kind, "kind is null");
      requireNonNull(target, "target is null");
      requireNonNull(alias, "alias is null");
      requireNonNull(source, "source is null");
      requireNonNull(condition, "condition is null");
      clauses = List.copyOf(clauses);
    }

    public enum Kind {
      UPDATE,
      DELETE,
      MERGE
    }

    /** The same statement with other trees. */
    Change map(UnaryOperator<SqlNode> change) {
      return new Change(
          kind,
          target,
          alias,
          source.map(change),
          condition.map(change),
          clauses.stream().map(clause -> clause.map(change)).toList(),
          parameterCount);
    }
  }

  /**
   * {@code ANALYZE [TABLE] table [(columns)]}.
   *
   * @param columns empty: all that have statistics
   */
  record Analyze(Name table, List<Name> columns) implements Statement {
    public Analyze {
      requireNonNull(table, "table is null");
      columns = List.copyOf(columns);
    }
  }

  record Truncate(Name table) implements Statement {
    public Truncate {
      requireNonNull(table, "table is null");
    }
  }

  /** {@code COPY (query) TO 'path' [(option value, …)]}; option names are lower case. */
  record CopyTo(
      SqlNode query,
      String path,
      TextPosition position,
      Map<String, String> options,
      int parameterCount)
      implements Statement {
    public CopyTo {
      requireNonNull(query, "query is null");
      requireNonNull(path, "path is null");
      requireNonNull(position, "position is null");
      options = ordered(options);
    }
  }

  /**
   * {@code COPY target [(columns)] FROM 'path' [(option value, …)]}.
   *
   * @param columns empty: all columns, in the table's order
   */
  record CopyFrom(
      Name target,
      List<Name> columns,
      String path,
      TextPosition position,
      Map<String, String> options)
      implements Statement {
    public CopyFrom {
      requireNonNull(target, "target is null");
      columns = List.copyOf(columns);
      requireNonNull(path, "path is null");
      requireNonNull(position, "position is null");
      options = ordered(options);
    }
  }

  /**
   * {@code SHOW kind [FROM|IN name] [LIKE 'pattern']}.
   *
   * @param in where to look: a catalog or schema; for COLUMNS the table (always present)
   * @param like a LIKE pattern for the names
   */
  record Show(Kind kind, Optional<Name> in, Optional<String> like) implements Statement {
    public Show {
      requireNonNull(kind, "kind is null");
      requireNonNull(in, "in is null");
      requireNonNull(like, "like is null");
    }

    /** What can be listed. */
    public enum Kind {
      CATALOGS,
      SCHEMAS,
      TABLES,
      VIEWS,
      COLUMNS,
      FUNCTIONS,
      SETTINGS,
      QUERIES
    }
  }

  /** {@code SHOW setting}: its value in this session. */
  record ShowOption(String name, TextPosition position) implements Statement {
    public ShowOption {
      requireNonNull(name, "name is null");
      requireNonNull(position, "position is null");
    }
  }

  /** {@code DESCRIBE [TABLE] name}. */
  record Describe(Name table) implements Statement {
    public Describe {
      requireNonNull(table, "table is null");
    }
  }

  /** {@code DESCRIBE query}: the names and types of its columns. */
  record DescribeQuery(SqlNode query, int parameterCount) implements Statement {
    public DescribeQuery {
      requireNonNull(query, "query is null");
    }
  }

  /** {@code SET name = value} or {@code SET name TO value}; the value as text, unquoted. */
  record SetOption(String name, String value, TextPosition position) implements Statement {
    public SetOption {
      requireNonNull(name, "name is null");
      requireNonNull(value, "value is null");
      requireNonNull(position, "position is null");
    }
  }

  /** {@code RESET name}, {@code RESET ALL} (empty), {@code SET name TO DEFAULT}. */
  record ResetOption(Optional<String> name, TextPosition position) implements Statement {
    public ResetOption {
      requireNonNull(name, "name is null");
      requireNonNull(position, "position is null");
    }
  }

  /** {@code USE catalog}, {@code USE schema} or {@code USE catalog.schema}. */
  record Use(Name name) implements Statement {
    public Use {
      requireNonNull(name, "name is null");
    }
  }

  record CancelQuery(String queryId, TextPosition position) implements Statement {
    public CancelQuery {
      requireNonNull(queryId, "queryId is null");
      requireNonNull(position, "position is null");
    }
  }

  /** {@code ATTACH 'type' AS name WITH ('key' = value, ...)}. */
  record Attach(
      String type,
      Name catalog,
      boolean ifNotExists,
      Map<String, OptionValue> options,
      TextPosition position)
      implements Statement {
    public Attach {
      requireNonNull(type, "type is null");
      requireNonNull(catalog, "catalog is null");
      options = ordered(options);
      requireNonNull(position, "position is null");
    }
  }

  /** {@code DETACH [IF EXISTS] name}. */
  record Detach(Name catalog, boolean ifExists) implements Statement {
    public Detach {
      requireNonNull(catalog, "catalog is null");
    }
  }

  /**
   * A statement that a module runs. Its records stand in a sealed family of their own beside this
   * file, such as {@link ModelStatement}; their grammar in a file of its own.
   */
  non-sealed interface Extension extends Statement {
    /** The same statement with every query it carries changed. */
    default Extension mapQueries(UnaryOperator<SqlNode> change) {
      return this;
    }
  }
}
