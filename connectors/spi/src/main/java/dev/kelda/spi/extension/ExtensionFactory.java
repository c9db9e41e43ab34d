package dev.kelda.spi.extension;

/** Makes a module's extension of one engine; found by {@link java.util.ServiceLoader}. */
public interface ExtensionFactory {
  /** Lower case; names the module in messages and in plans. */
  String name();

  /**
   * Called once, before the engine takes statements; the module says here which tables of the
   * metastore it needs. Nothing slow: every start of the engine waits for it.
   *
   * @param services what the engine lends; valid until {@link Extension#close}
   * @throws dev.kelda.spi.error.KeldaException when the module cannot work; the engine does not
   *     open then
   */
  Extension create(EngineServices services);
}
