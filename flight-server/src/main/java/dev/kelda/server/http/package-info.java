/**
 * The small HTTP front: {@code GET /healthz /readyz /metrics} and the routes of modules.
 *
 * <pre>
 * connection --> RouteGate (route, user, length of the body) --> body --> PageHandler --> module
 * </pre>
 *
 * Invariants: no body is read before its user is known; header size, body, connections and time are
 * bounded; responses leave in the order of their requests.
 */
package dev.kelda.server.http;
