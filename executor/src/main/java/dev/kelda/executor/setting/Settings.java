package dev.kelda.executor.setting;

import dev.kelda.planner.catalog.Names;
import dev.kelda.planner.rules.PointInTimeJoin;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Every setting there is. To add one, add a constant and name it in {@link #ALL}. */
public final class Settings {
  /** Texts with this prefix go to DataFusion as they are, for experiments. */
  public static final String DATAFUSION = "datafusion.";

  public static final Setting<Long> TARGET_PARTITIONS =
      new Setting<>(
          "target_partitions",
          SettingType.integer(0, 1024),
          0L,
          "Parallel streams per operator; 0 = the number of worker threads",
          false);
  public static final Setting<Long> BATCH_ROWS =
      new Setting<>(
          "batch_rows", SettingType.integer(1, 1 << 20), 16384L, "Rows per record batch", false);
  public static final Setting<Long> MEMORY_LIMIT =
      new Setting<>(
          "memory_limit",
          SettingType.BYTE_COUNT,
          0L,
          "Memory one query may reserve, such as '2GB'; 0 = the whole pool",
          false);
  public static final Setting<Duration> STATEMENT_TIMEOUT =
      new Setting<>(
          "statement_timeout",
          SettingType.DURATION,
          Duration.ZERO,
          "A statement that runs longer is cancelled; 0 = never",
          false);
  public static final Setting<ZoneId> TIME_ZONE =
      new Setting<>(
          "time_zone",
          SettingType.TIME_ZONE,
          ZoneId.of("UTC"),
          "Time zone of CURRENT_DATE, CURRENT_TIMESTAMP and conversions of zoned times",
          true);
  public static final Setting<Boolean> JOIN_REORDERING =
      new Setting<>(
          "join_reordering",
          SettingType.BOOLEAN,
          true,
          "Whether the planner chooses the order of joins by cost",
          true);
  public static final Setting<Optional<PointInTimeJoin.Build>> ASOF_BUILD =
      new Setting<>(
          "asof_build",
          SettingType.choice(PointInTimeJoin.Build.class),
          Optional.empty(),
          "The side that as-of joins index in memory: spine, features, or auto = the smaller one",
          true);
  public static final Setting<Boolean> PLAN_CACHE =
      new Setting<>(
          "plan_cache",
          SettingType.BOOLEAN,
          true,
          "Whether plans are kept for the next execution of the same text",
          false);
  public static final Setting<Long> MAX_RESULT_ROWS =
      new Setting<>(
          "max_result_rows",
          SettingType.integer(0, Long.MAX_VALUE),
          0L,
          "A query that returns more rows fails; 0 = no limit",
          false);

  public static final List<Setting<?>> ALL =
      List.of(
          ASOF_BUILD,
          BATCH_ROWS,
          JOIN_REORDERING,
          MAX_RESULT_ROWS,
          MEMORY_LIMIT,
          PLAN_CACHE,
          STATEMENT_TIMEOUT,
          TARGET_PARTITIONS,
          TIME_ZONE);

  private Settings() {}

  /**
   * @throws KeldaException SETTING_NOT_FOUND with the nearest name
   */
  public static Setting<?> find(String name) {
    String wanted = name.toLowerCase(Locale.ROOT);
    return ALL.stream()
        .filter(setting -> setting.name().equals(wanted))
        .findFirst()
        .orElseThrow(
            () ->
                new KeldaException(
                    ErrorCode.SETTING_NOT_FOUND,
                    "no setting \"" + name + "\"" + Names.suggestion(name, names())));
  }

  private static List<String> names() {
    return ALL.stream().<String>map(Setting::name).toList();
  }
}
