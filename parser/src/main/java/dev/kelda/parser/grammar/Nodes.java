package dev.kelda.parser.grammar;

import dev.kelda.parser.ColumnDefinition;
import dev.kelda.parser.FeatureViewStatement;
import dev.kelda.parser.IndexStatement;
import dev.kelda.parser.ModelStatement;
import dev.kelda.parser.ModelStatement.AlterModel.Property;
import dev.kelda.parser.Name;
import dev.kelda.parser.Positions;
import dev.kelda.parser.Statement;
import dev.kelda.parser.TrainingDatasetStatement;
import dev.kelda.parser.Transform;
import dev.kelda.spi.connector.ColumnTransform;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.TextPosition;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlPrefixOperator;
import org.apache.calcite.sql.parser.SqlParserPos;

/** What the grammar's actions need to build statements, and the checks they make. */
final class Nodes {
  private static final TextPosition BEGINNING = new TextPosition(1, 1);
  private static final Set<String> LATER_KINDS = Set.of("PIPELINES", "MONITORS", "CREATE");

  private Nodes() {}

  static TextPosition position(SqlParserPos position) {
    return Positions.start(position).orElse(BEGINNING);
  }

  static TextPosition position(SqlNode node) {
    return position(node.getParserPosition());
  }

  static Name name(SqlIdentifier identifier) {
    if (identifier.isStar()) {
      throw error("a name is expected, not *", identifier);
    }
    return new Name(identifier.names, position(identifier));
  }

  /**
   * @param identifier null when none is written
   */
  static Optional<Name> optional(SqlIdentifier identifier) {
    return Optional.ofNullable(identifier).map(Nodes::name);
  }

  static List<Name> names(SqlNodeList identifiers) {
    return identifiers.stream().map(SqlIdentifier.class::cast).map(Nodes::name).toList();
  }

  static KeldaException notSupported(String what, SqlParserPos position) {
    return new KeldaException(
        ErrorCode.NOT_SUPPORTED, what + " is not supported", position(position));
  }

  static <V> void putOnce(Map<String, V> properties, String key, V value, SqlParserPos position) {
    if (properties.putIfAbsent(key, value) != null) {
      throw new KeldaException(
          ErrorCode.SYNTAX_ERROR, "the property '" + key + "' is given twice", position(position));
    }
  }

  static void requireColumns(List<ColumnDefinition> columns, SqlIdentifier table) {
    if (columns.isEmpty()) {
      throw error("CREATE TABLE needs columns (name type, ...) or AS SELECT", table);
    }
    Set<String> seen = new HashSet<>();
    for (ColumnDefinition column : columns) {
      if (!seen.add(column.name().toLowerCase(Locale.ROOT))) {
        throw new KeldaException(
            ErrorCode.SYNTAX_ERROR,
            "the column \"" + column.name() + "\" is given twice",
            column.position());
      }
    }
  }

  static Transform identity(SqlIdentifier column) {
    return new Transform(ColumnTransform.identity(name(column).parts()), position(column));
  }

  /**
   * @param number 0 when none is written
   */
  static Transform transform(SqlIdentifier function, SqlIdentifier column, int number) {
    String known = "year, month, day, hour, bucket(n, column), truncate(n, column)";
    ColumnTransform.Function found =
        ColumnTransform.Function.named(function.toString())
            .filter(f -> f != ColumnTransform.Function.IDENTITY || number == 0)
            .orElseThrow(
                () ->
                    new KeldaException(
                        ErrorCode.INVALID_ARGUMENT,
                        "unknown transform \"" + function + "\"; known: " + known,
                        position(function)));
    if ((number > 0) != found.hasParameter()) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          function
              + (found.hasParameter()
                  ? " needs a number above 0: " + function + "(16, " + column + ")"
                  : " takes a column only"),
          position(function));
    }
    return new Transform(
        new ColumnTransform(found, name(column).parts(), number), position(column));
  }

  static String simple(SqlIdentifier name) {
    if (!name.isSimple()) {
      throw error("a column's name must stand here, not " + name, name);
    }
    return name.getSimple();
  }

  /** Of functions only EMBED can stand in an index. */
  static void requireEmbed(SqlIdentifier function) {
    String name = function.toString().toUpperCase(Locale.ROOT);
    if (!name.equals("EMBED") && !name.equals("AI_EMBED") && !name.equals("AI.EMBED")) {
      throw error("an index is on columns or on EMBED(column, 'model'), not on " + name, function);
    }
  }

  /**
   * @param what ALIAS, TAG or METRIC
   * @param value null = dropped
   */
  static Statement alterModel(SqlIdentifier name, SqlIdentifier what, String key, String value) {
    Property property =
        Arrays.stream(Property.values())
            .filter(p -> p.name().equalsIgnoreCase(what.toString()))
            .findFirst()
            .orElseThrow(
                () -> error("ALTER MODEL sets and drops ALIAS, TAG or METRIC, not " + what, what));
    return new ModelStatement.AlterModel(name(name), property, key, Optional.ofNullable(value));
  }

  /** BigQuery's options as our properties. */
  static Map<String, String> modelOptions(Map<String, String> options, SqlParserPos position) {
    Map<String, String> properties = new LinkedHashMap<>();
    options.forEach(
        (key, value) -> {
          switch (key) {
            case "model_type" -> properties.put("provider", value.toLowerCase(Locale.ROOT));
            case "model_path" -> properties.put("path", value);
            default ->
                throw new KeldaException(
                    ErrorCode.SYNTAX_ERROR,
                    "the option '"
                        + key
                        + "' is not known; there are MODEL_TYPE and MODEL_PATH, and WITH ('key' ="
                        + " value) for all properties",
                    position(position));
          }
        });
    return properties;
  }

  /**
   * @param second of a list whose kind has two words
   */
  static Statement show(
      SqlIdentifier what,
      Optional<SqlIdentifier> second,
      Optional<SqlIdentifier> in,
      Optional<String> like) {
    String word = what.toString().toUpperCase(Locale.ROOT);
    if (second.isPresent()) {
      String words = word + " " + second.get().getSimple().toUpperCase(Locale.ROOT);
      return switch (words) {
        case "FEATURE VIEWS" ->
            new FeatureViewStatement.ShowFeatureViews(in.map(Nodes::name), like);
        case "TRAINING DATASETS" ->
            new TrainingDatasetStatement.ShowTrainingDatasets(in.map(Nodes::name), like);
        default ->
            throw error(
                "unexpected '" + second.get() + "'; SHOW has FEATURE VIEWS and TRAINING DATASETS",
                second.get());
      };
    }
    if (word.equals("MODELS") && in.isEmpty()) {
      return new ModelStatement.ShowModels(like);
    }
    if (word.equals("INDEXES") && in.isEmpty()) {
      return new IndexStatement.ShowIndexes(like);
    }
    Optional<Statement.Show.Kind> kind =
        switch (word) {
          case "CATALOGS", "DATABASES" -> Optional.of(Statement.Show.Kind.CATALOGS);
          case "SCHEMAS" -> Optional.of(Statement.Show.Kind.SCHEMAS);
          case "TABLES" -> Optional.of(Statement.Show.Kind.TABLES);
          case "VIEWS" -> Optional.of(Statement.Show.Kind.VIEWS);
          case "COLUMNS" -> Optional.of(Statement.Show.Kind.COLUMNS);
          case "FUNCTIONS" -> Optional.of(Statement.Show.Kind.FUNCTIONS);
          case "SETTINGS" -> Optional.of(Statement.Show.Kind.SETTINGS);
          case "QUERIES" -> Optional.of(Statement.Show.Kind.QUERIES);
          default -> Optional.empty();
        };
    if (kind.isEmpty() && LATER_KINDS.contains(word)) {
      throw notSupported("SHOW " + word, what.getParserPosition());
    }
    if (kind.isEmpty()) {
      if (in.isPresent() || like.isPresent()) {
        throw error(
            "SHOW "
                + what
                + " takes no FROM or LIKE; known lists are CATALOGS, SCHEMAS, TABLES, VIEWS,"
                + " COLUMNS, FUNCTIONS, SETTINGS, QUERIES",
            what);
      }
      return new Statement.ShowOption(what.toString(), position(what));
    }
    if (kind.get() == Statement.Show.Kind.COLUMNS && in.isEmpty()) {
      throw error("SHOW COLUMNS needs FROM and a table", what);
    }
    return new Statement.Show(kind.get(), in.map(Nodes::name), like);
  }

  /**
   * @param name null for a positional argument
   */
  static Statement.Call.Argument argument(
      SqlIdentifier name, SqlNode value, List<Statement.Call.Argument> before) {
    if (name == null && !before.isEmpty() && before.getLast().name().isPresent()) {
      throw error("named arguments come last", value);
    }
    return new Statement.Call.Argument(
        Optional.ofNullable(name).map(SqlIdentifier::getSimple),
        value,
        position(name == null ? value : name));
  }

  static Statement comment(SqlIdentifier kind, SqlIdentifier name, Optional<String> comment) {
    Statement.Comment.Kind found =
        switch (kind.getSimple().toUpperCase(Locale.ROOT)) {
          case "TABLE" -> Statement.Comment.Kind.TABLE;
          case "VIEW" -> Statement.Comment.Kind.VIEW;
          case "COLUMN" -> Statement.Comment.Kind.COLUMN;
          default -> throw notSupported("COMMENT ON " + kind, kind.getParserPosition());
        };
    return new Statement.Comment(found, name(name), comment);
  }

  static void requireNew(String name, List<String> names, SqlParserPos position) {
    if (names.contains(name)) {
      throw new KeldaException(
          ErrorCode.SYNTAX_ERROR, "the field '" + name + "' is given twice", position(position));
    }
  }

  /** {@code ~x}; {@code !~} and the like stand between two values only. */
  static SqlPrefixOperator bitNot(String image, SqlParserPos position) {
    if (!image.equals("~")) {
      throw new KeldaException(
          ErrorCode.SYNTAX_ERROR, "unexpected '" + image + "'", position(position));
    }
    return Operators.BIT_NOT;
  }

  private static KeldaException error(String message, SqlNode node) {
    return new KeldaException(ErrorCode.SYNTAX_ERROR, message, position(node));
  }

  /** What stands between EXPLAIN and its statement. */
  static final class ExplainOptions {
    boolean analyze;
    Statement.Explain.Format format = Statement.Explain.Format.TEXT;

    void set(SqlIdentifier name, String value) {
      switch (name.toString().toUpperCase(Locale.ROOT)) {
        case "ANALYZE" -> analyze = !value.equalsIgnoreCase("false");
        case "FORMAT" -> format = format(name, value);
        default -> throw error("EXPLAIN knows the options ANALYZE and FORMAT, not " + name, name);
      }
    }

    private static Statement.Explain.Format format(SqlIdentifier name, String value) {
      return switch (value.toUpperCase(Locale.ROOT)) {
        case "TEXT" -> Statement.Explain.Format.TEXT;
        case "JSON" -> Statement.Explain.Format.JSON;
        default -> throw error("EXPLAIN has the formats text and json, not '" + value + "'", name);
      };
    }
  }
}
