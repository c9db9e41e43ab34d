package dev.kelda.connector.iceberg;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.UncheckedIOException;
import java.util.function.Supplier;
import org.apache.iceberg.exceptions.AlreadyExistsException;
import org.apache.iceberg.exceptions.CommitFailedException;
import org.apache.iceberg.exceptions.CommitStateUnknownException;
import org.apache.iceberg.exceptions.NoSuchNamespaceException;
import org.apache.iceberg.exceptions.NoSuchTableException;
import org.apache.iceberg.exceptions.NoSuchViewException;
import org.apache.iceberg.exceptions.NotFoundException;
import org.apache.iceberg.exceptions.RESTException;
import org.apache.iceberg.exceptions.RuntimeIOException;
import org.apache.iceberg.exceptions.ValidationException;
import org.apache.iceberg.jdbc.UncheckedInterruptedException;
import org.apache.iceberg.jdbc.UncheckedSQLException;

/** Iceberg's exceptions to ours. */
final class IcebergErrors {
  private IcebergErrors() {}

  /** Runs something that touches catalog or storage. */
  static <T> T translating(String what, Supplier<T> action) {
    try {
      return action.get();
    } catch (KeldaException e) {
      throw e;
    } catch (RuntimeException e) {
      throw translate(what, e);
    }
  }

  static void translating(String what, Runnable action) {
    translating(
        what,
        () -> {
          action.run();
          return true;
        });
  }

  /**
   * @param what the table or schema at hand, for the message
   */
  static KeldaException translate(String what, RuntimeException e) {
    return switch (e) {
      case KeldaException known -> known;
      case NoSuchTableException ignored -> error(ErrorCode.TABLE_NOT_FOUND, "no table " + what, e);
      case NoSuchViewException ignored -> error(ErrorCode.TABLE_NOT_FOUND, "no view " + what, e);
      case CommitStateUnknownException ignored ->
          error(
              ErrorCode.COMMIT_STATE_UNKNOWN,
              "whether the change of " + what + " took place is unknown; look before trying again",
              e);
      case NoSuchNamespaceException ignored ->
          error(ErrorCode.SCHEMA_NOT_FOUND, "no schema for " + what, e);
      case AlreadyExistsException ignored ->
          error(ErrorCode.TABLE_EXISTS, what + " already exists", e);
      case Publication.Conflict ignored ->
          error(
              ErrorCode.COMMIT_CONFLICT,
              "rows of %s were changed by another writer meanwhile (%s); run again"
                  .formatted(what, e.getMessage()),
              e);
      case CommitFailedException ignored ->
          error(ErrorCode.COMMIT_CONFLICT, what + " was changed by another writer; run again", e);
      case ValidationException ignored -> error(ErrorCode.INVALID_ARGUMENT, detail(what, e), e);
      case NotFoundException ignored ->
          error(
              ErrorCode.FILE_NOT_FOUND, "a file of " + what + " is missing: " + e.getMessage(), e);
      case UncheckedSQLException ignored ->
          error(ErrorCode.CATALOG_ERROR, detail("the catalog failed at " + what, e), e);
      case RESTException ignored ->
          error(ErrorCode.CATALOG_ERROR, detail("the catalog failed at " + what, e), e);
      case UncheckedInterruptedException ignored ->
          error(ErrorCode.CANCELLED, "interrupted at " + what, e);
      case RuntimeIOException ignored -> error(storage(e), detail(what, e), e);
      case UncheckedIOException ignored -> error(storage(e), detail(what, e), e);
      case IllegalArgumentException ignored ->
          error(ErrorCode.INVALID_ARGUMENT, detail(what, e), e);
      case UnsupportedOperationException ignored ->
          error(ErrorCode.NOT_SUPPORTED, detail(what, e), e);
      default -> error(ErrorCode.INTERNAL_ERROR, detail(what, e), e);
    };
  }

  // Java tells a full disk by the system's words alone.
  private static ErrorCode storage(Throwable e) {
    String reason = root(e);
    boolean full =
        reason.contains("No space left on device") || reason.contains("Disk quota exceeded");
    return full ? ErrorCode.DISK_FULL : ErrorCode.STORAGE_ERROR;
  }

  private static String detail(String what, Throwable e) {
    String reason = e.getCause() == null ? "" : " (" + root(e) + ")";
    return what + ": " + text(e) + reason;
  }

  /** What the innermost cause says. */
  static String root(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return text(root);
  }

  // An EOFException says all by its name.
  private static String text(Throwable e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  private static KeldaException error(ErrorCode code, String message, Throwable cause) {
    return new KeldaException(code, message, cause);
  }
}
