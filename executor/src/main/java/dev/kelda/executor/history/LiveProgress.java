package dev.kelda.executor.history;

import dev.kelda.spi.run.Progress;
import java.util.Optional;
import java.util.OptionalLong;

/** Progress in memory, until it is written down. */
final class LiveProgress implements Progress {
  /** The progress at one moment. */
  record Moment(long done, OptionalLong total, String unit, Optional<String> detail) {
    static final Moment START = new Moment(0, OptionalLong.empty(), "rows", Optional.empty());
  }

  private Moment moment = Moment.START; // guarded by this

  @Override
  public synchronized void of(long total, String unit) {
    moment = new Moment(moment.done(), OptionalLong.of(total), unit, moment.detail());
  }

  @Override
  public synchronized void add(long count) {
    moment = new Moment(moment.done() + count, moment.total(), moment.unit(), moment.detail());
  }

  @Override
  public synchronized void detail(String text) {
    moment = new Moment(moment.done(), moment.total(), moment.unit(), Optional.of(text));
  }

  synchronized Moment moment() {
    return moment;
  }
}
