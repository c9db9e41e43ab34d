package dev.kelda.spi.extension;

import java.util.Map;

/** On whose behalf something runs. */
public interface Caller {
  String user();

  /** The catalog where unqualified names are looked up. */
  String catalog();

  /** The schema where unqualified names are looked up. */
  String schema();

  /** Every setting as text. */
  Map<String, String> settings();
}
