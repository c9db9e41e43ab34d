package dev.kelda.executor.functions;

import java.text.Normalizer;

/** NORMALIZE(text): Unicode normal form C. */
public final class Normalize extends TextFunction {
  @Override
  public String id() {
    return "normalize";
  }

  @Override
  String apply(String text) {
    return Normalizer.normalize(text, Normalizer.Form.NFC);
  }
}
