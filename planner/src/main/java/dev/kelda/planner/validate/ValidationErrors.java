package dev.kelda.planner.validate;

import dev.kelda.parser.Positions;
import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.planner.catalog.Names;
import dev.kelda.planner.function.FunctionRegistry;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.TextPosition;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.calcite.runtime.CalciteContextException;
import org.apache.calcite.runtime.CalciteException;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlWithItem;
import org.apache.calcite.sql.util.SqlBasicVisitor;
import org.apache.calcite.sql.validate.SqlValidatorException;

/** Calcite's exceptions to ours: the code, the value at fault, the nearest name, the position. */
public final class ValidationErrors {
  private static final Pattern QUOTED = Pattern.compile("'([^']*)'");
  private static final Pattern INTERNAL =
      Pattern.compile("(org\\.apache\\.calcite|java\\.lang)\\S*");

  private ValidationErrors() {}

  public static KeldaException at(ErrorCode code, String message, SqlNode node) {
    return new KeldaException(code, message, Positions.start(node.getParserPosition()), null);
  }

  /** What to throw instead of an exception that came out of Calcite. */
  public static KeldaException translate(Throwable thrown, CatalogSnapshot catalog, SqlNode query) {
    Optional<TextPosition> position = Optional.empty();
    for (Throwable e = thrown; e != null; e = e.getCause() == e ? null : e.getCause()) {
      if (e instanceof KeldaException ours) {
        return ours.position().isPresent() || position.isEmpty()
            ? ours
            : new KeldaException(ours.code(), ours.getMessage(), position, ours.getCause());
      }
      if (e instanceof CalciteContextException context && context.getPosLine() > 0) {
        position =
            Optional.of(
                new TextPosition(context.getPosLine(), Math.max(1, context.getPosColumn())));
      }
      if (e instanceof StackOverflowError) {
        return new KeldaException(
            ErrorCode.STATEMENT_TOO_COMPLEX, "the statement is nested too deeply", position, null);
      }
      Optional<KeldaException> known =
          ofConverter(String.valueOf(e.getMessage()), position, thrown, query);
      if (known.isPresent()) {
        return known.get();
      }
      if (e instanceof SqlValidatorException
          || e instanceof CalciteException && !(e instanceof CalciteContextException)) {
        return user(e.getMessage(), position, thrown, catalog, query);
      }
    }
    if (thrown instanceof CalciteContextException) {
      return new KeldaException(
          ErrorCode.INVALID_STATEMENT, clean(thrown.getMessage()), position, thrown);
    }
    return new KeldaException(
        ErrorCode.INTERNAL_ERROR,
        "the query could not be planned: " + clean(String.valueOf(thrown.getMessage())),
        position,
        thrown);
  }

  /** What the converter says of queries that the validator has let through. */
  private static Optional<KeldaException> ofConverter(
      String message, Optional<TextPosition> position, Throwable thrown, SqlNode query) {
    ErrorCode code = ErrorCode.TYPE_MISMATCH;
    String text;
    if (message.startsWith("Conversion to relational algebra failed") && isRecursive(query)) {
      text =
          "a column of WITH RECURSIVE has one type in its first part and another in all; CAST it in the first part";
    } else if (message.startsWith("Can't find leastRestrictive type for")) {
      text =
          "these types have nothing in common: %s; write a CAST"
              .formatted(message.substring(message.indexOf('[')));
    } else if (message.equals("componentType") || message.contains("in opBinding")) {
      text = "NULL alone has no type of elements: CAST it";
    } else if (message.endsWith("due to overflow") || message.equals("Overflow")) {
      code = ErrorCode.NUMBER_OUT_OF_RANGE;
      text = message.equals("Overflow") ? "a number is out of range" : message;
    } else if (message.startsWith("Unknown join type")
        || message.startsWith("Correlate has invalid join type")) {
      code = ErrorCode.INVALID_STATEMENT;
      text = "a LATERAL join is an INNER or a LEFT one";
    } else if (message.endsWith("is not a group expr")) {
      code = ErrorCode.NOT_SUPPORTED;
      text =
          "a sub-query of a grouped query refers to a column that is no GROUP BY expression by itself";
    } else {
      return Optional.empty();
    }
    return Optional.of(new KeldaException(code, text, position, thrown));
  }

  private static KeldaException user(
      String message,
      Optional<TextPosition> at,
      Throwable cause,
      CatalogSnapshot catalog,
      SqlNode query) {
    String name = quoted(message);
    if (message.startsWith("Column") && message.contains("not found")
        || message.startsWith("Unknown identifier")
        || message.startsWith("Unknown field")
        || message.contains("list contains unknown column")) {
      String column =
          name.isEmpty() ? message.substring(message.lastIndexOf(':') + 1).strip() : name;
      return new KeldaException(
          ErrorCode.COLUMN_NOT_FOUND,
          "there is no column \""
              + column
              + "\""
              + in(message)
              + Names.suggestion(column, columns(catalog, query)),
          at,
          cause);
    }
    if (message.startsWith("Column") && message.contains("ambiguous")) {
      return new KeldaException(
          ErrorCode.AMBIGUOUS_NAME,
          "column \"" + name + "\" is ambiguous: " + candidates(name, catalog, query),
          at,
          cause);
    }
    if (message.startsWith("Table") && message.contains("not found")
        || message.startsWith("Object") && message.contains("not found")) {
      return message.startsWith("Table")
          ? missingQualifier(name, at, cause, catalog, query)
          : missingTable(name, at, cause, catalog, query);
    }
    if (message.startsWith("No match found for function signature")) {
      return missingFunction(message, at, cause, catalog);
    }
    if (message.startsWith("Unknown datatype name")) {
      return new KeldaException(
          ErrorCode.TYPE_MISMATCH, "there is no type \"" + name + "\"", at, cause);
    }
    boolean types =
        message.startsWith("Cannot apply")
            || message.contains("not comparable")
            || message.contains("Type mismatch")
            || message.contains("type mismatch")
            || message.startsWith("Cast function cannot convert")
            || message.startsWith("Illegal mixing of types")
            || message.contains("must be a Boolean")
            || message.contains("must be of")
            || message.startsWith("Parameters must be of the same type")
            || message.startsWith("Incompatible types")
            || message.startsWith("Invalid number of arguments")
            || message.startsWith("Values passed to");
    boolean parameter = message.startsWith("Illegal use of dynamic parameter");
    ErrorCode code =
        parameter
            ? ErrorCode.WRONG_PARAMETERS
            : types ? ErrorCode.TYPE_MISMATCH : ErrorCode.INVALID_STATEMENT;
    String text =
        parameter
            ? "the type of this parameter cannot be inferred; write CAST(? AS type)"
            : message;
    return new KeldaException(code, clean(text), at, cause);
  }

  /** Of a column; Calcite calls what is missing in FROM an object. */
  private static KeldaException missingQualifier(
      String name,
      Optional<TextPosition> at,
      Throwable cause,
      CatalogSnapshot catalog,
      SqlNode query) {
    String near = Names.suggestion(name, FromNames.of(query, catalog).qualifiers());
    return new KeldaException(
        ErrorCode.TABLE_NOT_FOUND,
        "no table or alias \"%s\" stands in FROM%s".formatted(name, near),
        at,
        cause);
  }

  private static KeldaException missingTable(
      String name,
      Optional<TextPosition> at,
      Throwable cause,
      CatalogSnapshot catalog,
      SqlNode query) {
    try {
      catalog.table(identifier(query, at).orElse(List.of(name)), at);
    } catch (KeldaException e) {
      return e;
    }
    return new KeldaException(
        ErrorCode.TABLE_NOT_FOUND, "there is no table \"" + name + "\"", at, cause);
  }

  /** The identifier that the text has at a position. */
  private static Optional<List<String>> identifier(SqlNode query, Optional<TextPosition> at) {
    List<List<String>> found = new ArrayList<>();
    query.accept(
        new SqlBasicVisitor<Void>() {
          @Override
          public Void visit(SqlIdentifier id) {
            if (Positions.start(id.getParserPosition()).equals(at)) {
              found.add(id.names);
            }
            return null;
          }
        });
    return found.stream().max(java.util.Comparator.comparing(List::size));
  }

  private static KeldaException missingFunction(
      String message, Optional<TextPosition> at, Throwable cause, CatalogSnapshot catalog) {
    String signature = message.substring(message.indexOf("signature") + 10);
    int open = signature.indexOf('(');
    String name = open < 0 ? signature : signature.substring(0, open);
    List<String> names = new ArrayList<>(FunctionRegistry.load().names());
    names.addAll(catalog.catalogs().functions().names());
    boolean exists = Names.match(name, names).isPresent();
    String text =
        exists
            ? "function %s does not take these arguments: %s".formatted(name, signature)
            : "there is no function \"" + name + "\"" + Names.suggestion(name, names);
    return new KeldaException(
        exists ? ErrorCode.TYPE_MISMATCH : ErrorCode.FUNCTION_NOT_FOUND, clean(text), at, cause);
  }

  private static String quoted(String message) {
    Matcher matcher = QUOTED.matcher(message);
    return matcher.find() ? matcher.group(1) : "";
  }

  private static String in(String message) {
    int at = message.indexOf("in table '");
    return at < 0 ? "" : " in table \"" + quoted(message.substring(at)) + "\"";
  }

  /** The columns of every table in the query, and every alias that the query gives. */
  private static List<String> columns(CatalogSnapshot catalog, SqlNode query) {
    Set<String> names = new LinkedHashSet<>();
    catalog.resolved().stream()
        .flatMap(t -> t.table().schema().getFields().stream().map(Field::getName))
        .forEach(names::add);
    query.accept(
        new SqlBasicVisitor<Void>() {
          @Override
          public Void visit(SqlCall call) {
            if (call.getKind() == SqlKind.AS) {
              call.getOperandList().stream()
                  .skip(1)
                  .filter(operand -> operand instanceof SqlIdentifier)
                  .forEach(alias -> names.add(((SqlIdentifier) alias).getSimple()));
            }
            return super.visit(call);
          }
        });
    return List.copyOf(names);
  }

  private static String candidates(String column, CatalogSnapshot catalog, SqlNode query) {
    List<String> found = FromNames.of(query, catalog).holding(column);
    return found.isEmpty()
        ? "qualify it"
        : String.join(" or ", found.stream().map(q -> q + "." + column).toList());
  }

  private static boolean isRecursive(SqlNode query) {
    List<SqlNode> found = new ArrayList<>();
    query.accept(
        new SqlBasicVisitor<Void>() {
          @Override
          public Void visit(SqlCall call) {
            if (call instanceof SqlWithItem item && item.recursive.booleanValue()) {
              found.add(call);
            }
            return super.visit(call);
          }
        });
    return !found.isEmpty();
  }

  /** No class names. */
  private static String clean(String message) {
    return INTERNAL.matcher(message).replaceAll("").strip();
  }
}
