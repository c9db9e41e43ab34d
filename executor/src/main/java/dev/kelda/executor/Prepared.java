package dev.kelda.executor;

import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A checked statement that can be executed many times, from several threads. It holds no memory
 * outside the Java heap and needs no closing.
 */
public interface Prepared {
  enum Kind {
    QUERY,
    UPDATE
  }

  String sql();

  /** UPDATE: the execution gives a count, not rows. */
  Kind kind();

  /** Empty for an update. */
  Schema resultSchema();

  /** One field per {@code ?}, in order, with the types the planner inferred. */
  Schema parameterSchema();
}
