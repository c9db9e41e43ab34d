/**
 * Flight SQL: gRPC calls in, Arrow streams out.
 *
 * <pre>
 * call --CallInterceptor--> Caller (user, connection, cookie) --Sessions--> ServerSession
 *   GetFlightInfo --Commands--> Statements.info() --> signed ticket of an Execution
 *   DoGet         --Tickets---> Execution --QueryEngine--> ResultStream --back-pressure--> client
 *   DoPut         --Uploads---> update | parameters | ingest
 *   DoExchange    --Exchanges-> a module's Exchange: a batch in, a batch out
 *   DoAction      --Actions---> prepare, close, sessions, cancel, renew
 * </pre>
 *
 * Invariants: an update sent as a query runs once, in GetFlightInfo, and its ticket only reports
 * the outcome; a query runs at each DoGet; a ticket opens for its user only, until it expires; at
 * most {@code Limits.queuedBytes} of a stream wait for its client.
 */
package dev.kelda.server.flight;
