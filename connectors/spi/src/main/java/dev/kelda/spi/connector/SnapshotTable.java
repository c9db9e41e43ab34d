package dev.kelda.spi.connector;

import java.util.Optional;

/** A table whose versions are kept as snapshots; this object is one of them. */
public interface SnapshotTable extends Table {
  /** Empty for a table that never had rows. */
  Optional<Long> snapshotId();

  /** The snapshot before this one; empty for the first one, and when it is not known. */
  Optional<Long> parentId();

  /**
   * What the newest commit up to this snapshot that has the key says under it; empty when no commit
   * that is still kept does.
   */
  Optional<String> summary(String key);

  /**
   * The files of this snapshot that another one has not, or has with other rows deleted. All rows
   * that only this one has are in them; there may be others, which both have.
   *
   * @param other of the same table and with the same columns
   * @return empty when there are none
   */
  Optional<Table> filesBeyond(SnapshotTable other);
}
