package dev.kelda.spi.extension;

import static java.util.Objects.requireNonNull;

import java.util.Map;

/**
 * One value of {@code /metrics}.
 *
 * @param name {@code kelda_…}; ends in {@code _total} when it only grows
 * @param values by label value; the empty label is a metric without labels
 */
public record Metric(String name, String help, String label, Map<String, Double> values) {
  public Metric {
    requireNonNull(name, "name is null");
    requireNonNull(help, "help is null");
    requireNonNull(label, "label is null");
    values = Map.copyOf(values);
  }

  public static Metric of(String name, String help, double value) {
    return new Metric(name, help, "", Map.of("", value));
  }

  /** The value only grows. */
  public boolean isCounter() {
    return name.endsWith("_total");
  }
}
