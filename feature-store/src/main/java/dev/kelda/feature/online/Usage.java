package dev.kelda.feature.online;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Who uses something that must not be used once it is closed, as native memory. Thread-safe; one
 * thread may enter and another leave.
 */
public final class Usage {
  private static final int MOST = Integer.MAX_VALUE;
  private static final long CLOSE_SECONDS = 30;

  private final String what;
  private final Semaphore places = new Semaphore(MOST);

  /**
   * @param what names it in errors
   */
  public Usage(String what) {
    this.what = requireNonNull(what, "what is null");
  }

  /** Work that uses it. */
  public interface Work<T, E extends Exception> {
    T run() throws E;
  }

  /**
   * @throws KeldaException SHUTTING_DOWN when it is closed
   */
  public <T, E extends Exception> T using(Work<T, E> work) throws E {
    enter();
    try {
      return work.run();
    } finally {
      leave();
    }
  }

  /**
   * As {@link #using} begins; {@link #leave} follows.
   *
   * @throws KeldaException SHUTTING_DOWN when it is closed
   */
  public void enter() {
    if (!places.tryAcquire()) {
      throw new KeldaException(ErrorCode.SHUTTING_DOWN, what + " is closed");
    }
  }

  public void leave() {
    places.release();
  }

  /**
   * Refuses new users and waits for the present ones, a while.
   *
   * @return whether nobody uses it any more, so that it may be closed
   */
  public boolean end() {
    try {
      return places.tryAcquire(MOST, CLOSE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
