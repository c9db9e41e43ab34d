package dev.kelda.server.flight;

import static java.util.Objects.requireNonNull;

import io.grpc.ForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;

/**
 * Ends uploads that Flight would wait on for ever: without any message, or with one that cannot be
 * read. Flight's worker waits for the first message with no way out but an interrupt.
 */
final class UploadGuard<Q, P>
    extends ForwardingServerCallListener.SimpleForwardingServerCallListener<Q> {
  private final ServerCall<Q, P> call;
  private final Caller caller;
  private int messages;

  UploadGuard(ServerCall.Listener<Q> listener, ServerCall<Q, P> call, Caller caller) {
    super(listener);
    this.call = requireNonNull(call, "call is null");
    this.caller = requireNonNull(caller, "caller is null");
  }

  @Override
  public void onMessage(Q message) {
    messages++;
    try {
      super.onMessage(message);
    } catch (RuntimeException e) {
      end("INVALID_ARGUMENT: the upload is malformed: " + e.getMessage());
    }
  }

  @Override
  public void onHalfClose() {
    if (messages == 0) {
      end("INVALID_ARGUMENT: the upload has no message, not even a schema");
    } else {
      super.onHalfClose();
    }
  }

  @Override
  public void onCancel() {
    super.onCancel();
    if (messages == 0) {
      caller.interruptWorker();
    }
  }

  private void end(String reason) {
    call.close(Status.INVALID_ARGUMENT.withDescription(reason), new Metadata());
    super.onCancel();
    if (messages <= 1) {
      caller.interruptWorker();
    }
  }
}
