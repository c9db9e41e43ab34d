package dev.kelda.connector.jdbc;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.sql.SQLException;
import java.util.Optional;

/** A database's failures as ours, naming the catalog and hiding the password. */
record RemoteErrors(String catalog, Optional<String> secret) {
  private static final String CANCELLED = "57014";

  KeldaException translate(SQLException e) {
    if (CANCELLED.equals(e.getSQLState())) {
      return new KeldaException(ErrorCode.CANCELLED, "cancelled in catalog " + catalog, e);
    }
    return new KeldaException(
        ErrorCode.REMOTE_SOURCE_ERROR, "catalog " + catalog + ": " + message(e), e);
  }

  /** A value that does not fit the type that its column declares. */
  KeldaException unreadable(String column, Exception e) {
    return new KeldaException(
        ErrorCode.REMOTE_SOURCE_ERROR,
        "catalog "
            + catalog
            + ": a value of column \""
            + column
            + "\" cannot be read: "
            + hide(String.valueOf(e.getMessage())),
        e);
  }

  // Hikari wraps what went wrong in "Connection is not available".
  private String message(SQLException e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String own = String.valueOf(e.getMessage());
    String reason = root == e ? "" : " (" + root.getMessage() + ")";
    return hide(own + reason).strip();
  }

  private String hide(String text) {
    return secret.filter(s -> !s.isBlank()).map(s -> text.replace(s, "***")).orElse(text);
  }
}
