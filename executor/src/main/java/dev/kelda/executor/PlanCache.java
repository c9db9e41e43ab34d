package dev.kelda.executor;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.kelda.executor.setting.Settings;
import dev.kelda.executor.statement.Action;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

/** Plans by text and by everything else they depend on. Thread-safe. */
final class PlanCache {
  private static final int MOST_PLANS = 1000;
  private static final int LONGEST_TEXT = 100_000;

  /**
   * @param names grows when names may mean something else: a catalog, schema or table came or went
   */
  private record Key(
      String sql,
      String user,
      Session.Path path,
      String planningSettings,
      long names,
      Binding binding) {}

  private final Cache<Key, Action> plans =
      Caffeine.newBuilder().maximumSize(MOST_PLANS).executor(Runnable::run).build();
  private final LongAdder hits = new LongAdder();
  private final LongAdder misses = new LongAdder();

  /** The kept action when the tables it was planned on are as they were, else a new one. */
  Action find(Session session, String sql, long names, Binding binding, Supplier<Action> prepare) {
    boolean keep =
        session.settings().value(Settings.PLAN_CACHE)
            && session.scope().isEmpty()
            && sql.length() < LONGEST_TEXT;
    Key key =
        new Key(
            sql, session.user(), session.path(), session.settings().planningKey(), names, binding);
    Optional<Action> known = keep ? Optional.ofNullable(plans.getIfPresent(key)) : Optional.empty();
    if (known.isPresent() && known.get().isCurrent()) {
      hits.increment();
      return known.get();
    }
    misses.increment();
    Action action = prepare.get();
    if (keep && action.cacheable()) {
      plans.put(key, action);
    }
    return action;
  }

  long hits() {
    return hits.sum();
  }

  long misses() {
    return misses.sum();
  }
}
