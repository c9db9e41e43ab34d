package dev.kelda.feature.online;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Where the rows of online views are looked up by key: bytes by bytes, one table of them per view.
 * Everything in it can be made again from the offline tables and the push log. Thread-safe.
 *
 * <p>A view's table is replaced as a whole: a {@link Load} fills a new one beside it, and from one
 * moment to the next readers see that one. A view is read and written by the name of its version,
 * so that versions lie side by side.
 */
public interface OnlineStore extends AutoCloseable {
  /** What a key that is not there has. */
  byte[] NOTHING = {};

  /**
   * What a view's table holds; written together with the rows.
   *
   * @param fingerprint of the layout of its rows
   * @param snapshot of the offline table that it covers
   * @param pushed the last entry of the push log that the snapshot covers
   */
  record Checkpoint(String fingerprint, String snapshot, long pushed) {
    public Checkpoint {
      requireNonNull(fingerprint, "fingerprint is null");
      requireNonNull(snapshot, "snapshot is null");
    }
  }

  /**
   * A change of what one key has.
   *
   * @param change from what is there to what will be; {@link #NOTHING} is a key that is not there;
   *     called once or more
   */
  @SuppressWarnings("ArrayRecordComponent") // never changed
  record Change(byte[] key, UnaryOperator<byte[]> change) {
    public Change {
      requireNonNull(key, "key is null");
      requireNonNull(change, "change is null");
    }
  }

  /** Empty for a view without a table. */
  Optional<Checkpoint> checkpoint(String view);

  /**
   * Looks keys up in one state of the view's table.
   *
   * @return parallel to the keys; {@link #NOTHING} where there is no such key, or no table
   */
  byte[][] get(String view, List<byte[]> keys);

  /** Begins to read every key and what it has when it is reached; closed by the caller. */
  Scan scan(String view);

  /**
   * Changes keys of a table that is there, and its checkpoint when one is given, all or nothing.
   *
   * @param changes at most one per key
   */
  void update(String view, List<Change> changes, Optional<Checkpoint> checkpoint);

  /** Begins a new table; closed by the caller. Loads of one view follow each other. */
  Load load(String view);

  /** Removes a view's table; nothing when there is none. */
  void drop(String view);

  /** What was written stays written, also when the machine loses its power. */
  void flush();

  /** Bytes that the store takes, about. */
  long bytes();

  @Override
  void close();

  /** A table that nobody sees yet. For one thread. */
  interface Load extends AutoCloseable {
    /** The next key, greater than all before in the unsigned order of bytes. */
    void put(byte[] key, byte[] history);

    /**
     * Puts the table in the place of the view's present one, if any.
     *
     * @param changes made to it before it is seen
     */
    void publish(Checkpoint checkpoint, List<Change> changes);

    /** Throws the table away unless it was published. */
    @Override
    void close();
  }

  /** The keys of a table, in no order that is promised. For one thread at a time. */
  interface Scan extends AutoCloseable {
    /** Goes to the next key; false when there is none. */
    boolean next();

    byte[] key();

    byte[] history();

    @Override
    void close();
  }
}
