package dev.kelda.executor.system;

import dev.kelda.executor.FunctionInfo;
import dev.kelda.executor.QueryInfo;
import dev.kelda.executor.SessionInfo;
import dev.kelda.executor.history.RunInfo;
import dev.kelda.executor.setting.Setting;
import dev.kelda.executor.setting.SettingValues;
import dev.kelda.executor.setting.Settings;
import dev.kelda.spi.rows.Columns;
import java.util.List;

/** The columns of the system's tables. */
public final class SystemTables {
  public static final Columns<QueryInfo> QUERIES =
      Columns.of(QueryInfo.class)
          .text("query_id", QueryInfo::id)
          .text("session_id", QueryInfo::sessionId)
          .text("user", QueryInfo::user)
          .text("state", query -> query.state().name())
          .text("sql", QueryInfo::sql)
          .instant("started_at", QueryInfo::start)
          .optionalInstant("ended_at", QueryInfo::end)
          .decimalNumber("planning_ms", query -> query.planning().toNanos() / 1e6)
          .decimalNumber("execution_ms", query -> query.execution().toNanos() / 1e6)
          .number("rows", QueryInfo::rows)
          .number("bytes", QueryInfo::bytes)
          .number("peak_memory_bytes", QueryInfo::peakMemoryBytes)
          .optionalText("error", QueryInfo::error);

  public static final Columns<SessionInfo> SESSIONS =
      Columns.of(SessionInfo.class)
          .text("session_id", SessionInfo::id)
          .text("user", SessionInfo::user)
          .text("catalog", SessionInfo::catalog)
          .text("schema", SessionInfo::schema)
          .instant("created_at", SessionInfo::created)
          .instant("last_used_at", SessionInfo::lastUsed);

  public static final Columns<RunInfo> RUNS =
      Columns.of(RunInfo.class)
          .text("run_id", RunInfo::id)
          .text("kind", run -> run.subject().kind())
          .text("target", run -> run.subject().target())
          .text("user", run -> run.subject().user())
          .optionalText("query_id", run -> run.subject().queryId())
          .text("state", run -> run.state().name())
          .number("done", RunInfo::done)
          .optionalNumber("total", RunInfo::total)
          .text("unit", RunInfo::unit)
          .optionalText("detail", RunInfo::detail)
          .instant("started_at", RunInfo::started)
          .optionalInstant("ended_at", RunInfo::ended)
          .optionalText("error", RunInfo::error);

  public static final Columns<FunctionInfo> FUNCTIONS =
      Columns.of(FunctionInfo.class)
          .text("name", FunctionInfo::name)
          .text("kind", function -> function.kind().name())
          .text("category", FunctionInfo::category)
          .text("signature", FunctionInfo::signature)
          .text("returns", FunctionInfo::returns)
          .text("description", FunctionInfo::description)
          .text("example", FunctionInfo::example);

  public static final Columns<SettingRow> SETTINGS =
      Columns.of(SettingRow.class)
          .text("name", row -> row.setting().name())
          .text("value", SettingRow::value)
          .text("default", row -> defaultText(row.setting()))
          .text("type", row -> row.setting().type().name())
          .text("description", row -> row.setting().description());

  /** A setting and its value in a session. */
  public record SettingRow(Setting<?> setting, String value) {}

  private SystemTables() {}

  public static List<SettingRow> settings(SettingValues values) {
    return Settings.ALL.stream()
        .map(setting -> new SettingRow(setting, values.text(setting.name())))
        .toList();
  }

  private static <T> String defaultText(Setting<T> setting) {
    return setting.print(setting.defaultValue());
  }
}
