package dev.kelda.executor.statement;

import dev.kelda.parser.Name;
import dev.kelda.parser.SqlText;
import dev.kelda.parser.Statement;
import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.planner.catalog.Catalogs;
import dev.kelda.planner.catalog.Names;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.planner.validate.FunctionArguments;
import dev.kelda.spi.connector.Procedure;
import dev.kelda.spi.connector.Procedure.ArgumentType;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.TextPosition;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.calcite.sql.SqlBasicCall;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;

/** The arguments of CALL as the procedure declares them: positional ones first, then named ones. */
record CallArguments(
    Procedure procedure, Catalogs.Entry catalog, CatalogSnapshot snapshot, CallTexts texts) {
  Procedure.Arguments of(Statement.Call call) {
    Map<String, Object> values = new LinkedHashMap<>();
    List<Procedure.Parameter> parameters = procedure.parameters();
    List<Given> given = new ArrayList<>();
    for (int i = 0; i < call.arguments().size(); i++) {
      Statement.Call.Argument argument = call.arguments().get(i);
      Procedure.Parameter parameter =
          argument.name().isPresent() ? named(argument) : positional(i, argument);
      given.add(new Given(parameter, argument));
    }
    // Conditions are on the table, wherever it stands.
    given.sort(Comparator.comparing(g -> g.parameter().type() == ArgumentType.CONDITION));
    for (Given g : given) {
      Object value = value(g.parameter(), g.argument(), values);
      if (values.put(g.parameter().name(), value) != null) {
        throw error(
            "argument \"" + g.parameter().name() + "\" is given twice", g.argument().position());
      }
    }
    for (Procedure.Parameter parameter : parameters) {
      if (parameter.required() && !values.containsKey(parameter.name())) {
        throw error(
            "%s needs the argument %s".formatted(procedure.name(), parameter.name()),
            call.procedure().position());
      }
    }
    return new Procedure.Arguments(values);
  }

  private record Given(Procedure.Parameter parameter, Statement.Call.Argument argument) {}

  private Procedure.Parameter named(Statement.Call.Argument argument) {
    String name = argument.name().orElseThrow();
    List<String> names = procedure.parameters().stream().map(Procedure.Parameter::name).toList();
    return procedure.parameters().stream()
        .filter(parameter -> parameter.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(
            () ->
                error(
                    "%s has no argument \"%s\"%s"
                        .formatted(procedure.name(), name, Names.suggestion(name, names)),
                    argument.position()));
  }

  private Procedure.Parameter positional(int index, Statement.Call.Argument argument) {
    if (index >= procedure.parameters().size()) {
      throw error(
          "%s takes at most %d arguments"
              .formatted(procedure.name(), procedure.parameters().size()),
          argument.position());
    }
    return procedure.parameters().get(index);
  }

  private Object value(
      Procedure.Parameter parameter, Statement.Call.Argument argument, Map<String, Object> before) {
    SqlNode node = argument.value();
    return switch (parameter.type()) {
      case TABLE -> table(text(parameter, node, argument.position()), argument.position());
      case NEW_TABLE -> newTable(text(parameter, node, argument.position()), argument.position());
      case TEXT -> text(parameter, node, argument.position());
      case NUMBER -> scalar(parameter, node, Long.class, argument.position());
      case TRUTH -> scalar(parameter, node, Boolean.class, argument.position());
      case TIMESTAMP -> timestamp(parameter, node, argument.position());
      case NUMBERS -> {
        List<Long> numbers = new ArrayList<>();
        for (SqlNode element :
            elements(parameter, node, SqlKind.ARRAY_VALUE_CONSTRUCTOR, argument)) {
          numbers.add(scalar(parameter, element, Long.class, argument.position()));
        }
        yield List.copyOf(numbers);
      }
      case SORT_ORDER ->
          texts.sortOrder(text(parameter, node, argument.position()), argument.position());
      case CONDITION ->
          texts.condition(
              text(parameter, node, argument.position()),
              target(before, argument.position()),
              argument.position());
      case OPTIONS -> {
        Map<String, String> options = new LinkedHashMap<>();
        List<SqlNode> parts = elements(parameter, node, SqlKind.MAP_VALUE_CONSTRUCTOR, argument);
        for (int i = 0; i + 1 < parts.size(); i += 2) {
          Object value = constant(parts.get(i + 1)).value().orElse("");
          options.put(text(parameter, parts.get(i), argument.position()), value.toString());
        }
        yield Map.copyOf(options);
      }
    };
  }

  private Procedure.TableName target(Map<String, Object> before, TextPosition at) {
    return before.values().stream()
        .filter(Procedure.TableName.class::isInstance)
        .map(Procedure.TableName.class::cast)
        .findFirst()
        .orElseThrow(() -> error("%s needs the argument table".formatted(procedure.name()), at));
  }

  private static Scalar constant(SqlNode node) {
    return FunctionArguments.constant(node);
  }

  private static String text(Procedure.Parameter parameter, SqlNode node, TextPosition at) {
    return scalar(parameter, node, String.class, at);
  }

  private static <T> T scalar(
      Procedure.Parameter parameter, SqlNode node, Class<T> type, TextPosition at) {
    return constant(node)
        .value()
        .filter(type::isInstance)
        .map(type::cast)
        .orElseThrow(() -> mismatch(parameter, node, at));
  }

  private static Long timestamp(Procedure.Parameter parameter, SqlNode node, TextPosition at) {
    Scalar value = constant(node);
    if (value.type() instanceof ArrowType.Timestamp
        && value.value().orElse(null) instanceof Long t) {
      return t;
    }
    throw mismatch(parameter, node, at);
  }

  private static List<SqlNode> elements(
      Procedure.Parameter parameter, SqlNode node, SqlKind kind, Statement.Call.Argument argument) {
    if (node instanceof SqlBasicCall call && call.getKind() == kind) {
      return call.getOperandList();
    }
    throw mismatch(parameter, node, argument.position());
  }

  private static KeldaException mismatch(
      Procedure.Parameter parameter, SqlNode node, TextPosition at) {
    return new KeldaException(
        ErrorCode.TYPE_MISMATCH,
        "argument \"%s\" takes %s, not %s"
            .formatted(parameter.name(), article(parameter.type()), node),
        at);
  }

  private static String article(ArgumentType type) {
    return switch (type) {
      case TABLE, NEW_TABLE -> "the name of a table as text";
      case TEXT -> "a text";
      case NUMBER -> "a whole number";
      case TRUTH -> "TRUE or FALSE";
      case TIMESTAMP -> "a TIMESTAMP";
      case NUMBERS -> "an ARRAY of whole numbers";
      case OPTIONS -> "a MAP of texts";
      case SORT_ORDER -> "a text such as 'c DESC, d' or 'zorder(c, d)'";
      case CONDITION -> "a condition as text";
    };
  }

  private Procedure.TableName table(String text, TextPosition at) {
    Name name = name(text, at);
    List<String> parts = name.parts();
    // Names are those of the procedure's catalog.
    Optional<TableReference> found =
        parts.size() < 3 ? snapshot.find(within(parts)) : Optional.empty();
    TableReference table = found.isPresent() ? found.get() : snapshot.table(parts, Optional.of(at));
    if (!table.catalog().equals(catalog.name())) {
      throw error("table %s is not one of catalog \"%s\"".formatted(table, catalog.name()), at);
    }
    if (procedure.keepsRows()) {
      Targets.keptTable(table, name);
    } else {
      Targets.table(table, name);
    }
    return new Procedure.TableName(table.schema(), table.name());
  }

  private List<String> within(List<String> parts) {
    List<String> full = new ArrayList<>();
    full.add(catalog.name());
    if (parts.size() == 1) {
      full.add(snapshot.session().schema());
    }
    full.addAll(parts);
    return full;
  }

  private Procedure.TableName newTable(String text, TextPosition at) {
    Name name = name(text, at);
    List<String> parts = name.parts().size() < 3 ? within(name.parts()) : name.parts();
    CatalogSnapshot.Target target = Targets.newTable(new Name(parts, at), snapshot);
    if (!target.schema().catalog().name().equals(catalog.name())) {
      throw error("\"%s\" is not in catalog \"%s\"".formatted(text, catalog.name()), at);
    }
    return new Procedure.TableName(target.schema().name(), target.name());
  }

  private static Name name(String text, TextPosition at) {
    try {
      if (SqlText.parse("DESCRIBE TABLE " + text) instanceof Statement.Describe describe) {
        return new Name(describe.table().parts(), at);
      }
    } catch (KeldaException e) {
      throw error("\"" + text + "\" is not the name of a table", at);
    }
    throw error("\"" + text + "\" is not the name of a table", at);
  }

  private static KeldaException error(String message, TextPosition at) {
    return new KeldaException(ErrorCode.INVALID_ARGUMENT, message, at);
  }
}
