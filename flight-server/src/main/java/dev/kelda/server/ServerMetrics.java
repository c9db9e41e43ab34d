package dev.kelda.server;

import dev.kelda.executor.EngineMetrics;
import dev.kelda.executor.QueryEngine;
import dev.kelda.server.flight.FlightFront;
import dev.kelda.server.http.PrometheusText;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.extension.Metric;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.util.Map;
import java.util.TreeMap;

/** The /metrics page: engine, Flight front and JVM. */
final class ServerMetrics {
  private ServerMetrics() {}

  static String page(QueryEngine engine, FlightFront flight, String version) {
    PrometheusText text = new PrometheusText();
    text.counters("kelda_build_info", "The running version", "version", Map.of(version, 1));
    engine(text, engine.metrics());
    flight(text, flight);
    for (Metric metric : engine.moduleMetrics()) {
      text.metric(metric);
    }
    jvm(text);
    return text.toString();
  }

  private static void engine(PrometheusText text, EngineMetrics m) {
    text.counters(
            "kelda_queries_total",
            "Statements that ended",
            "state",
            new TreeMap<>(
                Map.of(
                    "finished", m.finishedQueries(),
                    "failed", m.failedQueries(),
                    "cancelled", m.cancelledQueries())))
        .gauge("kelda_queries_running", "Statements that run", m.runningQueries())
        .gauge("kelda_queries_queued", "Statements that wait for their turn", m.queuedQueries())
        .counter("kelda_rows_total", "Rows handed to clients", m.rows())
        .counter("kelda_bytes_total", "Bytes of Arrow data handed to clients", m.bytes())
        .gauge(
            "kelda_memory_reserved_bytes",
            "Memory reserved by native operators",
            m.memoryReservedBytes())
        .gauge("kelda_memory_limit_bytes", "Budget of the native operators", m.memoryLimitBytes())
        .gauge("kelda_arrow_bytes", "Arrow memory allocated in Java", m.arrowBytes())
        .gauge("kelda_arrow_leaked_bytes", "Arrow memory never given back", m.leakedBytes())
        .counter("kelda_plan_cache_hits_total", "Plans found in the cache", m.planCacheHits())
        .counter("kelda_plan_cache_misses_total", "Plans made", m.planCacheMisses());
  }

  private static void flight(PrometheusText text, FlightFront flight) {
    Map<String, Long> errors = new TreeMap<>();
    flight.errorCounts().forEach((ErrorCode code, Long count) -> errors.put(code.name(), count));
    text.counters("kelda_errors_total", "Errors sent to clients", "code", errors)
        .gauge("kelda_sessions", "Open sessions of clients", flight.openSessions())
        .gauge("kelda_upload_bytes", "Memory of uploads in progress", flight.uploadBytes());
  }

  private static void jvm(PrometheusText text) {
    MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
    text.gauge("jvm_memory_heap_used_bytes", "Java heap in use", heap.getUsed())
        .gauge("jvm_memory_heap_max_bytes", "Java heap at most", heap.getMax())
        .gauge("jvm_threads", "Live threads", ManagementFactory.getThreadMXBean().getThreadCount());
    long direct = 0;
    for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
      direct += pool.getName().equals("direct") ? pool.getMemoryUsed() : 0;
    }
    text.gauge("jvm_memory_direct_used_bytes", "Direct buffers of the JDK", direct)
        .gauge(
            "netty_memory_used_bytes",
            "Direct memory of Netty",
            Math.max(0, io.netty.util.internal.PlatformDependent.usedDirectMemory()));
    double seconds = 0;
    for (GarbageCollectorMXBean gc : ManagementFactory.getGarbageCollectorMXBeans()) {
      seconds += Math.max(0, gc.getCollectionTime()) / 1000.0;
    }
    text.counter("jvm_gc_seconds_total", "Time in garbage collections", seconds)
        .gauge(
            "process_uptime_seconds",
            "Time since the start",
            ManagementFactory.getRuntimeMXBean().getUptime() / 1000.0);
  }
}
