package dev.kelda.executor.system;

import dev.kelda.executor.FunctionInfo;
import dev.kelda.executor.QueryInfo;
import dev.kelda.executor.SessionInfo;
import dev.kelda.executor.rows.Columns;
import dev.kelda.executor.setting.Setting;
import dev.kelda.executor.setting.SettingValues;
import java.util.function.Supplier;

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

  public static final Columns<FunctionInfo> FUNCTIONS =
      Columns.of(FunctionInfo.class)
          .text("name", FunctionInfo::name)
          .text("kind", function -> function.kind().name())
          .text("category", FunctionInfo::category)
          .text("signature", FunctionInfo::signature)
          .text("returns", FunctionInfo::returns)
          .text("description", FunctionInfo::description)
          .text("example", FunctionInfo::example);

  private SystemTables() {}

  /**
   * @param values asked for each value when rows are made
   */
  @SuppressWarnings({"unchecked", "rawtypes"}) // a class literal has no type arguments
  public static Columns<Setting<?>> settings(Supplier<SettingValues> values) {
    Columns<Setting<?>> columns = (Columns) Columns.of(Setting.class);
    return columns
        .text("name", Setting::name)
        .text("value", setting -> values.get().text(setting.name()))
        .text("default", SystemTables::defaultText)
        .text("type", setting -> setting.type().name())
        .text("description", Setting::description);
  }

  private static <T> String defaultText(Setting<T> setting) {
    return setting.print(setting.defaultValue());
  }
}
