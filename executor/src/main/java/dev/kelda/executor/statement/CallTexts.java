package dev.kelda.executor.statement;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.run.PlannedQuery;
import dev.kelda.parser.Alteration;
import dev.kelda.parser.SqlText;
import dev.kelda.parser.Statement;
import dev.kelda.planner.ScanSpec;
import dev.kelda.planner.catalog.Catalogs;
import dev.kelda.spi.connector.Procedure;
import dev.kelda.spi.connector.TableChange;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.TextPosition;
import java.util.List;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Arguments of CALL whose text is SQL itself. */
record CallTexts(Services services, Request request, Catalogs.Entry catalog) {
  private static final Pattern Z_ORDER =
      Pattern.compile("\\s*z_?order\\s*\\((.*)\\)\\s*", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  CallTexts {
    requireNonNull(services, "services is null");
    requireNonNull(request, "request is null");
    requireNonNull(catalog, "catalog is null");
  }

  /** What SORTED BY takes, or {@code zorder(…)} around it. */
  Procedure.SortOrder sortOrder(String text, TextPosition at) {
    Matcher zOrder = Z_ORDER.matcher(text);
    boolean curve = zOrder.matches();
    String keys = curve ? zOrder.group(1) : text;
    return at(
        at,
        () -> {
          if (SqlText.parse("ALTER TABLE t SET SORTED BY (" + keys + "\n)")
                  instanceof Statement.AlterTable statement
              && statement.alterations().size() == 1
              && statement.alterations().getFirst() instanceof Alteration.Ready ready
              && ready.change() instanceof TableChange.SetSortOrder order) {
            return new Procedure.SortOrder(curve, order.keys());
          }
          throw invalid("'" + text + "' is no sort order");
        });
  }

  /** What WHERE takes. */
  Procedure.Condition condition(String text, Procedure.TableName table, TextPosition at) {
    String name =
        String.join(".", quoted(catalog.name()), quoted(table.schema()), quoted(table.name()));
    return at(
        at,
        () -> {
          if (SqlText.parse("SELECT * FROM " + name + " WHERE (" + text + "\n)")
              instanceof Statement.Query query) {
            PlannedQuery planned = services.planning().query(query.query(), request);
            List<ScanSpec> scans = planned.plan().scans();
            boolean plain = scans.size() == 1 && planned.plan().parameterTypes().isEmpty();
            if (plain && !scans.getFirst().conjuncts().isEmpty()) {
              return new Procedure.Condition(scans.getFirst().conjuncts());
            }
          }
          throw invalid(
              "'" + text + "' says nothing by which files of " + table + " can be chosen");
        });
  }

  private static String quoted(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  /** Errors point to the argument: positions within its text mean nothing to whoever reads them. */
  private static <T> T at(TextPosition position, Supplier<T> work) {
    try {
      return work.get();
    } catch (KeldaException e) {
      throw new KeldaException(e.code(), e.getMessage(), position);
    }
  }

  private static KeldaException invalid(String message) {
    return new KeldaException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
