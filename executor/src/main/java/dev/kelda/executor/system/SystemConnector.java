package dev.kelda.executor.system;

import dev.kelda.executor.FunctionInfo;
import dev.kelda.executor.QueryInfo;
import dev.kelda.executor.SessionInfo;
import dev.kelda.executor.history.RunInfo;
import dev.kelda.executor.setting.SettingValues;
import dev.kelda.planner.catalog.Catalogs;
import dev.kelda.spi.connector.Connector;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.connector.TableListing;
import dev.kelda.spi.extension.SystemTable;
import dev.kelda.spi.rows.Columns;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The catalog {@code system}. */
public final class SystemConnector implements Connector {
  public static final String NAME = "system";
  public static final String INFORMATION_SCHEMA = "information_schema";
  private static final String MAIN = "main";

  private final List<LiveTable<?>> main;
  private final List<LiveTable<?>> informationSchema;

  /**
   * @param settings those of the session whose query reads
   * @param contributed tables that modules fill
   */
  public SystemConnector(
      Catalogs catalogs,
      Supplier<List<QueryInfo>> queries,
      Supplier<List<RunInfo>> runs,
      Supplier<List<SessionInfo>> sessions,
      Supplier<List<FunctionInfo>> functions,
      Supplier<SettingValues> settings,
      List<SystemTable<?>> contributed) {
    List<LiveTable<?>> own =
        List.of(
            new LiveTable<>(
                "catalogs",
                Columns.of(String.class).text("catalog_name", name -> name),
                any -> catalogs.names()),
            new LiveTable<>("functions", SystemTables.FUNCTIONS, any -> functions.get()),
            new LiveTable<>("queries", SystemTables.QUERIES, any -> queries.get()),
            new LiveTable<>("runs", SystemTables.RUNS, any -> runs.get()),
            new LiveTable<>("sessions", SystemTables.SESSIONS, any -> sessions.get()),
            new LiveTable<>(
                "settings", SystemTables.SETTINGS, any -> SystemTables.settings(settings.get())));
    this.main =
        Stream.concat(own.stream(), contributed.stream().map(SystemConnector::live)).toList();
    this.informationSchema = new InformationSchema(catalogs).tables();
  }

  private static <T> LiveTable<T> live(SystemTable<T> table) {
    return new LiveTable<>(table.name(), table.columns(), any -> table.rows().get());
  }

  @Override
  public List<String> schemas() {
    return List.of(INFORMATION_SCHEMA, MAIN);
  }

  @Override
  public List<TableListing> tables(String schema) {
    return in(schema).stream()
        .map(table -> new TableListing(table.name(), TableKind.SYSTEM_TABLE))
        .toList();
  }

  @Override
  public Optional<Table> table(String schema, String name) {
    return in(schema).stream()
        .filter(table -> table.name().equals(name))
        .findFirst()
        .map(table -> table);
  }

  @Override
  public List<TableFunction> tableFunctions() {
    return SeriesFunction.all();
  }

  private List<LiveTable<?>> in(String schema) {
    return switch (schema) {
      case MAIN -> main;
      case INFORMATION_SCHEMA -> informationSchema;
      default -> List.of();
    };
  }

  @Override
  public void close() {}
}
