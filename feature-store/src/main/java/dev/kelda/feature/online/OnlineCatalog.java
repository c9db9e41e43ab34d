package dev.kelda.feature.online;

import dev.kelda.spi.connector.SnapshotTable;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.Caller;
import java.util.List;
import java.util.Optional;

/** Which views are online. Thread-safe. */
public interface OnlineCatalog {
  /**
   * The online view of a name, found as SQL finds it.
   *
   * @param name one to three parts
   * @return empty when the name means nothing that is online
   */
  Optional<OnlineView> find(Caller caller, List<String> name);

  /**
   * As {@link #find}.
   *
   * @throws KeldaException TABLE_NOT_FOUND; INVALID_ARGUMENT when it is not online
   */
  OnlineView view(Caller caller, List<String> name);

  /** The online view of this {@link OnlineView#id}; empty when there is none any more. */
  Optional<OnlineView> byId(String id);

  /**
   * The offline table of a view, there to be appended to.
   *
   * @throws KeldaException NOT_SUPPORTED when the view keeps no rows
   */
  SnapshotTable offline(OnlineView view);
}
