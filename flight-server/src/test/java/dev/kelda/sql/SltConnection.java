package dev.kelda.sql;

import java.util.List;

/** Runs statements for a test file. */
interface SltConnection extends AutoCloseable {
  /** Rows as text; empty for a statement without rows. */
  List<String> run(String sql) throws SltError;

  @Override
  void close() throws Exception;

  /** The statement failed with the text that a user sees. */
  final class SltError extends Exception {
    SltError(String message) {
      super(message);
    }
  }
}
