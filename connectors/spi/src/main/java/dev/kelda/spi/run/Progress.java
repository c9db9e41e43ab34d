package dev.kelda.spi.run;

/**
 * How far a run is. Cheap: say it as often as you like, it is written down about once a second.
 * Thread-safe.
 */
public interface Progress {
  /** Of work that nobody watches. */
  Progress NONE =
      new Progress() {
        @Override
        public void of(long total, String unit) {}

        @Override
        public void add(long count) {}

        @Override
        public void detail(String text) {}
      };

  /**
   * How much there is to do.
   *
   * @param unit plural: {@code rows}, {@code files}
   */
  void of(long total, String unit);

  /** That much more is done. Before {@link #of}, and without it, these are rows. */
  void add(long count);

  /** What happens now, in a few words. */
  void detail(String text);
}
