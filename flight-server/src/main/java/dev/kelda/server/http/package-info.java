/**
 * The small HTTP front: {@code GET /healthz /readyz /metrics}, nothing else. Bounded in header size,
 * body (none), connections and time.
 */
package dev.kelda.server.http;
