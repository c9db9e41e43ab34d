package dev.kelda.planner.validate;

import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toUnmodifiableSet;

import dev.kelda.parser.Positions;
import dev.kelda.parser.SqlAsofJoin;
import dev.kelda.parser.SqlText;
import dev.kelda.parser.Statement;
import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.planner.catalog.Names;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.spi.connector.Timeline;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.TextPosition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlJoin;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.SqlSnapshot;
import org.apache.calcite.sql.SqlSyntax;
import org.apache.calcite.sql.SqlUtil;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.util.SqlBasicVisitor;
import org.apache.calcite.sql.util.SqlShuttle;
import org.apache.calcite.util.Util;

/**
 * Tables that declare a timeline, read AS OF an instant: joined at a column of the other side they
 * are a join in time, at a constant they are one row per key. Without a timeline AS OF means an
 * earlier version of the table.
 */
final class TimelineJoins {
  private static final String INSTANT = "$as_of";
  private static final String RANK = "$rank";
  private static final String TABLE = "$table";

  /** CURRENT_TIMESTAMP and its like: functions that look like columns. */
  private static final Set<String> CONTEXT =
      SqlStdOperatorTable.instance().getOperatorList().stream()
          .filter(operator -> operator.getSyntax() == SqlSyntax.FUNCTION_ID)
          .map(SqlOperator::getName)
          .collect(toUnmodifiableSet());

  private final CatalogSnapshot catalog;
  private final Function<SqlNode, Schema> columns;
  private final Collection<String> queryNames;

  /**
   * @param columns the columns of a query, which is used up
   * @param queryNames what WITH gave around the current node; changes
   */
  TimelineJoins(
      CatalogSnapshot catalog, Function<SqlNode, Schema> columns, Collection<String> queryNames) {
    this.catalog = requireNonNull(catalog, "catalog is null");
    this.columns = requireNonNull(columns, "columns is null");
    this.queryNames = requireNonNull(queryNames, "queryNames is null");
  }

  /** {@code l JOIN t AS OF l.x ON …} as a join in time; any other join as it is. */
  SqlNode rewrite(SqlJoin join) {
    SqlNode right = join.getRight();
    SqlNode table = right.getKind() == SqlKind.AS ? ((SqlCall) right).operand(0) : right;
    if (join instanceof SqlAsofJoin
        || !(table instanceof SqlSnapshot snapshot)
        || !readsColumns(snapshot.getPeriod())) {
      return join;
    }
    TableReference reference = reference(snapshot);
    Timeline timeline =
        timeline(reference, snapshot)
            .orElseThrow(
                () ->
                    error(
                        ErrorCode.NOT_SUPPORTED,
                        "table \"%s\" declares no event time, so that it cannot be joined AS OF a column; write ASOF JOIN … MATCH_CONDITION"
                            .formatted(reference),
                        snapshot));
    switch (join.getJoinType()) {
      case INNER, LEFT -> {}
      default ->
          throw error(
              ErrorCode.NOT_SUPPORTED,
              "a table AS OF a column is joined by JOIN or LEFT JOIN with ON or USING, not by "
                  + join.getJoinType(),
              snapshot);
    }
    if (join.isNatural() || join.getCondition() == null) {
      throw error(
          ErrorCode.NOT_SUPPORTED,
          "a table AS OF a column is joined by JOIN or LEFT JOIN with ON or USING, not "
              + (join.isNatural() ? "by NATURAL JOIN" : "without them"),
          snapshot);
    }
    SqlParserPos at = snapshot.getParserPosition();
    SqlIdentifier name = (SqlIdentifier) snapshot.getTableRef();
    String alias =
        right.getKind() == SqlKind.AS
            ? ((SqlIdentifier) ((SqlCall) right).operand(1)).getSimple()
            : Util.last(name.names);
    SqlNode plain = name;
    if (right.getKind() == SqlKind.AS) {
      ((SqlCall) right).setOperand(0, name);
      plain = right;
    }
    UnaryOperator<String> renamed = renamed(right, reference);
    SqlNode match =
        SqlStdOperatorTable.GREATER_THAN_OR_EQUAL.createCall(
            at, snapshot.getPeriod(), column(alias, renamed.apply(timeline.eventTime()), at));
    return new SqlAsofJoin(
        join.getParserPosition(),
        join.getLeft(),
        join.getJoinTypeNode(),
        plain,
        join.getConditionTypeNode(),
        join.getCondition(),
        match,
        timeline.timeToLive().map(TimelineJoins::interval),
        timeline.knownAt().map(known -> column(alias, renamed.apply(known), at)),
        SqlLiteral.createBoolean(true, at));
  }

  /** What a column of the table is called after {@code AS c (x, y)}. */
  private static UnaryOperator<String> renamed(SqlNode right, TableReference reference) {
    List<SqlNode> names =
        right.getKind() == SqlKind.AS
            ? Util.skip(((SqlCall) right).getOperandList(), 2)
            : List.of();
    List<String> columns = columns(reference);
    return column -> {
      int place = columns.indexOf(column);
      return place < names.size() ? ((SqlIdentifier) names.get(place)).getSimple() : column;
    };
  }

  private static List<String> columns(TableReference reference) {
    return reference.table().schema().getFields().stream().map(Field::getName).toList();
  }

  /** One row per key of a table with a timeline; empty for one without. */
  Optional<SqlNode> at(SqlSnapshot snapshot, boolean needsAlias) {
    if (!(snapshot.getTableRef() instanceof SqlIdentifier name)) {
      return Optional.empty();
    }
    TableReference reference = reference(snapshot);
    Optional<Timeline> declared = timeline(reference, snapshot);
    if (declared.isEmpty()) {
      return Optional.empty();
    }
    if (readsColumns(snapshot.getPeriod())) {
      throw error(
          ErrorCode.NOT_SUPPORTED,
          "AS OF a column is for the right side of a JOIN with ON or USING; here it must be a constant",
          snapshot);
    }
    checkInstant(name, declared.get(), snapshot);
    SqlNode latest = latest(name, reference, declared.get(), snapshot.getPeriod());
    SqlParserPos at = snapshot.getParserPosition();
    return Optional.of(
        needsAlias
            ? SqlStdOperatorTable.AS.createCall(
                at, latest, new SqlIdentifier(Util.last(name.names), at))
            : latest);
  }

  private static SqlNode latest(
      SqlIdentifier name, TableReference reference, Timeline timeline, SqlNode instant) {
    List<String> columns = columns(reference);
    String event = quoted(timeline.eventTime());
    List<String> visible = new ArrayList<>();
    visible.add(event + " <= " + quoted(INSTANT));
    timeline.knownAt().ifPresent(k -> visible.add(quoted(k) + " <= " + quoted(INSTANT)));
    timeline
        .timeToLive()
        .ifPresent(ttl -> visible.add(event + " > " + quoted(INSTANT) + " - " + text(ttl)));
    // After the times the contents decide, so that a tie has one winner.
    String order =
        Stream.concat(
                Stream.concat(Stream.of(timeline.eventTime()), timeline.knownAt().stream()),
                columns.stream().filter(c -> !timeline.primaryKey().contains(c)))
            .distinct()
            .map(c -> quoted(c) + " DESC NULLS LAST")
            .collect(joining(", "));
    String partition =
        timeline.primaryKey().isEmpty()
            ? ""
            : "PARTITION BY "
                + timeline.primaryKey().stream().map(TimelineJoins::quoted).collect(joining(", "));
    String keys =
        timeline.primaryKey().stream()
            .map(k -> " AND " + quoted(k) + " IS NOT NULL")
            .collect(joining());
    String list = columns.stream().map(TimelineJoins::quoted).collect(joining(", "));
    String sql =
        "SELECT %s FROM (SELECT %s, ROW_NUMBER() OVER (%s ORDER BY %s) AS %s FROM %s WHERE %s%s) WHERE %s = 1"
            .formatted(
                list,
                list,
                partition,
                order,
                quoted(RANK),
                quoted(TABLE),
                String.join(" AND ", visible),
                keys,
                quoted(RANK));
    return filled(sql, name, instant);
  }

  /** The instant can be compared with the event time. */
  private void checkInstant(SqlIdentifier name, Timeline timeline, SqlSnapshot snapshot) {
    SqlNode instant = snapshot.getPeriod();
    if (ParameterTypes.anyIn(instant) || SqlUtil.isNullLiteral(instant, true)) {
      return;
    }
    String sql =
        "SELECT %s, %s FROM %s"
            .formatted(quoted(timeline.eventTime()), quoted(INSTANT), quoted(TABLE));
    List<Field> row = columns.apply(filled(sql, name, instant)).getFields();
    ArrowType event = row.get(0).getType();
    ArrowType given = row.get(1).getType();
    if (!(isDatetime(event) ? isDatetime(given) : isNumeric(event) && isNumeric(given))) {
      throw error(
          ErrorCode.TYPE_MISMATCH,
          "AS OF takes what can be compared with the event time \"%s\" of the table, not %s"
              .formatted(timeline.eventTime(), instant),
          snapshot);
    }
  }

  /** The query with the table and the instant in their places. */
  private static SqlNode filled(String sql, SqlIdentifier name, SqlNode instant) {
    return parsed(sql)
        .accept(
            new SqlShuttle() {
              @Override
              public SqlNode visit(SqlIdentifier id) {
                if (!id.isSimple()) {
                  return id;
                }
                return switch (id.getSimple()) {
                  case TABLE -> name;
                  case INSTANT -> RelationArguments.copy(instant);
                  default -> id;
                };
              }
            });
  }

  private TableReference reference(SqlSnapshot snapshot) {
    Optional<TextPosition> position = Positions.start(snapshot.getParserPosition());
    if (!(snapshot.getTableRef() instanceof SqlIdentifier name)) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED, "only a table by its name can be read AS OF", position, null);
    }
    if (name.isSimple() && queryNames.stream().anyMatch(name.getSimple()::equalsIgnoreCase)) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          "\"%s\" is a query of WITH, which declares no event time; write ASOF JOIN … MATCH_CONDITION"
              .formatted(name.getSimple()),
          position,
          null);
    }
    return catalog.table(name.names, position);
  }

  /** Checked: its columns exist; they have the names that the table gives them. */
  private static Optional<Timeline> timeline(TableReference reference, SqlNode at) {
    Optional<Timeline> declared;
    try {
      declared = reference.table().timeline();
    } catch (KeldaException e) {
      throw new KeldaException(
          e.code(), e.getMessage(), Positions.start(at.getParserPosition()), e);
    }
    return declared.map(
        t -> {
          UnaryOperator<String> named = column -> column(reference, column, at);
          String event = named.apply(t.eventTime());
          if (t.timeToLive().isPresent()
              && !isDatetime(reference.table().schema().findField(event).getType())) {
            throw error(
                ErrorCode.INVALID_ARGUMENT,
                "table \"%s\" has a ttl, and an event time \"%s\" that is no date or timestamp"
                    .formatted(reference, event),
                at);
          }
          return new Timeline(
              t.primaryKey().stream().map(named).toList(),
              event,
              t.knownAt().map(named),
              t.timeToLive());
        });
  }

  private static String column(TableReference reference, String column, SqlNode at) {
    List<String> names = columns(reference);
    return Names.match(column, names)
        .orElseThrow(
            () ->
                error(
                    ErrorCode.COLUMN_NOT_FOUND,
                    "the timeline of table \"%s\" names a column \"%s\" that it has not got%s"
                        .formatted(reference, column, Names.suggestion(column, names)),
                    at));
  }

  private static boolean isDatetime(ArrowType type) {
    return switch (type) {
      case ArrowType.Date ignored -> true;
      case ArrowType.Timestamp ignored -> true;
      default -> false;
    };
  }

  private static boolean isNumeric(ArrowType type) {
    return switch (type) {
      case ArrowType.Int ignored -> true;
      case ArrowType.FloatingPoint ignored -> true;
      case ArrowType.Decimal ignored -> true;
      default -> false;
    };
  }

  /**
   * Whether a value may differ between rows: whether it names something else than CURRENT_DATE and
   * the like.
   */
  static boolean readsColumns(SqlNode node) {
    try {
      node.accept(
          new SqlBasicVisitor<Void>() {
            @Override
            public Void visit(SqlIdentifier id) {
              boolean context =
                  id.isSimple()
                      && !id.isComponentQuoted(0)
                      && CONTEXT.contains(id.getSimple().toUpperCase(Locale.ROOT));
              if (!context) {
                throw Util.FoundOne.NULL;
              }
              return null;
            }
          });
      return false;
    } catch (Util.FoundOne found) {
      return true;
    }
  }

  private static SqlNode parsed(String sql) {
    return ((Statement.Query) SqlText.parse(sql)).query();
  }

  private static SqlNode interval(Duration duration) {
    return ((SqlSelect) parsed("SELECT " + text(duration))).getSelectList().get(0);
  }

  private static String text(Duration duration) {
    return duration.toSeconds() % 86_400 == 0
        ? "INTERVAL '" + duration.toDays() + "' DAY"
        : "INTERVAL '" + duration.toSeconds() + "' SECOND";
  }

  private static SqlIdentifier column(String table, String column, SqlParserPos at) {
    return new SqlIdentifier(List.of(table, column), at);
  }

  private static String quoted(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  private static KeldaException error(ErrorCode code, String message, SqlNode at) {
    return new KeldaException(code, message, Positions.start(at.getParserPosition()), null);
  }
}
