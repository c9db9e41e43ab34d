package dev.kelda.executor.functions;

import java.text.Normalizer;
import java.util.regex.Pattern;

/** STRIP_ACCENTS(text): decomposed, without the combining marks, composed again. */
public final class StripAccents extends TextFunction {
  private static final Pattern MARKS = Pattern.compile("\\p{Mn}+");

  @Override
  public String id() {
    return "strip_accents";
  }

  @Override
  String apply(String text) {
    String bare = MARKS.matcher(Normalizer.normalize(text, Normalizer.Form.NFD)).replaceAll("");
    return Normalizer.normalize(bare, Normalizer.Form.NFC);
  }
}
