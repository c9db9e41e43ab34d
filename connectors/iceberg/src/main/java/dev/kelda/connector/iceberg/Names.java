package dev.kelda.connector.iceberg;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;

/** Names that become folders and, with dots between levels, keys of the catalog. */
final class Names {
  private static final int LONGEST = 255;

  private Names() {}

  /**
   * @throws KeldaException INVALID_ARGUMENT
   */
  static void checkSchema(String name) {
    check("schema", name, name.contains("."));
  }

  /**
   * @param what table or view
   * @throws KeldaException INVALID_ARGUMENT
   */
  static void check(String what, String name) {
    check(what, name, name.matches("\\.{1,2}"));
  }

  private static void check(String what, String name, boolean dots) {
    boolean odd = name.chars().anyMatch(c -> c < ' ' || c == '/' || c == '\\' || c == '$');
    if (name.isBlank() || name.length() > LONGEST || odd || dots) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT, "\"" + name + "\" cannot be the name of a " + what);
    }
  }
}
