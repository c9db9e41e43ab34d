package dev.kelda.server;

import java.time.Duration;

/**
 * What one client may take of the server.
 *
 * @param messageBytes largest message a client may send
 * @param headerBytes largest set of headers a client may send
 * @param callsPerConnection calls at the same time on one connection
 * @param sessionsPerUser open sessions of one user
 * @param statementsPerSession prepared statements, and results that wait to be fetched, of a
 *     session
 * @param sessionIdle a session that nobody used for this long is closed
 * @param ticketLife how long a result can be fetched after its GetFlightInfo, or renewed
 * @param stalledClient a client that reads nothing for this long loses its stream
 * @param batchBytes record batches above this are split by rows
 * @param queuedBytes bytes of one stream that wait in the server for the client to read
 * @param uploadBytes Arrow memory of all uploads together
 */
public record Limits(
    int messageBytes,
    int headerBytes,
    int callsPerConnection,
    int sessionsPerUser,
    int statementsPerSession,
    Duration sessionIdle,
    Duration ticketLife,
    Duration stalledClient,
    long batchBytes,
    int queuedBytes,
    long uploadBytes) {

  public static final Limits DEFAULT =
      new Limits(
          64 << 20,
          16 << 10,
          128,
          1000,
          1000,
          Duration.ofMinutes(30),
          Duration.ofMinutes(10),
          Duration.ofMinutes(5),
          4L << 20,
          4 << 20,
          1L << 30);

  public Limits withStalledClient(Duration value) {
    return new Limits(
        messageBytes,
        headerBytes,
        callsPerConnection,
        sessionsPerUser,
        statementsPerSession,
        sessionIdle,
        ticketLife,
        value,
        batchBytes,
        queuedBytes,
        uploadBytes);
  }

  public Limits withSessions(int perUser, int statements, Duration idle) {
    return new Limits(
        messageBytes,
        headerBytes,
        callsPerConnection,
        perUser,
        statements,
        idle,
        ticketLife,
        stalledClient,
        batchBytes,
        queuedBytes,
        uploadBytes);
  }

  public Limits withTicketLife(Duration value) {
    return new Limits(
        messageBytes,
        headerBytes,
        callsPerConnection,
        sessionsPerUser,
        statementsPerSession,
        sessionIdle,
        value,
        stalledClient,
        batchBytes,
        queuedBytes,
        uploadBytes);
  }

  public Limits withBatchBytes(long value) {
    return new Limits(
        messageBytes,
        headerBytes,
        callsPerConnection,
        sessionsPerUser,
        statementsPerSession,
        sessionIdle,
        ticketLife,
        stalledClient,
        value,
        queuedBytes,
        uploadBytes);
  }
}
