package dev.kelda.ai.index;

import java.util.function.Supplier;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.cjk.CJKAnalyzer;
import org.apache.lucene.analysis.core.KeywordAnalyzer;
import org.apache.lucene.analysis.core.SimpleAnalyzer;
import org.apache.lucene.analysis.core.WhitespaceAnalyzer;
import org.apache.lucene.analysis.de.GermanAnalyzer;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.analysis.es.SpanishAnalyzer;
import org.apache.lucene.analysis.fr.FrenchAnalyzer;
import org.apache.lucene.analysis.it.ItalianAnalyzer;
import org.apache.lucene.analysis.nl.DutchAnalyzer;
import org.apache.lucene.analysis.pt.PortugueseAnalyzer;
import org.apache.lucene.analysis.ru.RussianAnalyzer;
import org.apache.lucene.analysis.standard.StandardAnalyzer;
import org.apache.lucene.analysis.sv.SwedishAnalyzer;

/** How texts become words. Languages leave out common words and endings. */
public enum Analyzers {
  /** Words of Unicode's rules, in lower case. */
  STANDARD(StandardAnalyzer::new),
  /** Letters, in lower case. */
  SIMPLE(SimpleAnalyzer::new),
  /** What stands between spaces. */
  WHITESPACE(WhitespaceAnalyzer::new),
  /** The text as one word. */
  KEYWORD(KeywordAnalyzer::new),
  CJK(CJKAnalyzer::new),
  DUTCH(DutchAnalyzer::new),
  ENGLISH(EnglishAnalyzer::new),
  FRENCH(FrenchAnalyzer::new),
  GERMAN(GermanAnalyzer::new),
  ITALIAN(ItalianAnalyzer::new),
  PORTUGUESE(PortugueseAnalyzer::new),
  RUSSIAN(RussianAnalyzer::new),
  SPANISH(SpanishAnalyzer::new),
  SWEDISH(SwedishAnalyzer::new);

  private final Supplier<Analyzer> maker;
  private volatile Analyzer made;

  Analyzers(Supplier<Analyzer> maker) {
    this.maker = maker;
  }

  /** One for all threads; made when it is first needed. */
  Analyzer analyzer() {
    Analyzer known = made;
    if (known == null) {
      synchronized (this) {
        if (made == null) {
          made = maker.get();
        }
        known = made;
      }
    }
    return known;
  }
}
