/**
 * The server process: one engine, its Flight SQL and its HTTP front.
 *
 * <pre>
 * kelda.toml --config--> Configuration --KeldaServer--> QueryEngine
 *                                            |- flight: Flight SQL on gRPC (statements, tickets, sessions)
 *                                            \- http:   /healthz /readyz /metrics
 * </pre>
 *
 * Invariants: nothing listens beyond loopback without users and TLS; every buffer that waits for a
 * client is bounded; no error leaves the process with a stack trace.
 */
package dev.kelda.server;
