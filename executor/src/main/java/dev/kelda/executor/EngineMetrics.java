package dev.kelda.executor;

/**
 * Counters and gauges of one engine since it opened.
 *
 * @param arrowBytes Arrow memory allocated in Java now; zero when idle
 * @param leakedBytes Arrow memory that queries failed to give back; anything but zero is a bug
 */
public record EngineMetrics(
    long memoryReservedBytes,
    long memoryLimitBytes,
    long arrowBytes,
    long leakedBytes,
    long runningQueries,
    long queuedQueries,
    long finishedQueries,
    long failedQueries,
    long cancelledQueries,
    long openSessions,
    long planCacheHits,
    long planCacheMisses,
    long rows,
    long bytes) {}
