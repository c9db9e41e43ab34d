package dev.kelda.server.http;

import dev.kelda.spi.extension.Metric;
import java.util.Map;

/** Writes metrics in Prometheus' text format, version 0.0.4. */
public final class PrometheusText {
  private final StringBuilder text = new StringBuilder(4096);

  /** A value that goes up and down. */
  public PrometheusText gauge(String name, String help, double value) {
    header(name, help, "gauge");
    return sample(name, Map.of(), value);
  }

  /** A value that only goes up; its name ends in {@code _total}. */
  public PrometheusText counter(String name, String help, double value) {
    header(name, help, "counter");
    return sample(name, Map.of(), value);
  }

  /** One counter with a label; every value of the label is a sample. */
  public PrometheusText counters(
      String name, String help, String label, Map<String, ? extends Number> values) {
    header(name, help, "counter");
    values.forEach((key, value) -> sample(name, Map.of(label, key), value.doubleValue()));
    return this;
  }

  /** A module's metric. */
  public PrometheusText metric(Metric metric) {
    header(metric.name(), metric.help(), metric.isCounter() ? "counter" : "gauge");
    metric
        .values()
        .forEach(
            (label, value) ->
                sample(
                    metric.name(),
                    metric.label().isEmpty() ? Map.of() : Map.of(metric.label(), label),
                    value));
    return this;
  }

  private void header(String name, String help, String type) {
    text.append("# HELP ").append(name).append(' ').append(help).append('\n');
    text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
  }

  private PrometheusText sample(String name, Map<String, String> labels, double value) {
    text.append(name);
    labels.forEach(
        (key, label) ->
            text.append('{')
                .append(key)
                .append("=\"")
                .append(label.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n"))
                .append("\"}"));
    boolean whole = value == Math.rint(value) && Math.abs(value) < 1e15;
    text.append(' ').append(whole ? String.valueOf((long) value) : String.valueOf(value));
    text.append('\n');
    return this;
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
