package dev.kelda.ai.embed;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import dev.kelda.ai.NativeFolder;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A tokenizer.json that works. Thread-safe; its native memory goes when nobody holds it any more.
 */
final class Tokenizer {
  private static final Cleaner CLEANER = Cleaner.create();

  static {
    // The library asks the cloud's metadata service for the machine's name unless it is told not
    // to, and unpacks itself into a folder that others may have written to unless it is given one.
    System.setProperty("OPT_OUT_TRACKING", "true");
    try (NativeFolder folder = new NativeFolder()) {
      System.setProperty("ENGINE_CACHE_DIR", folder.path().toString());
      LibUtils.checkStatus(); // loads it
    }
  }

  private final HuggingFaceTokenizer tokenizer;

  private Tokenizer(HuggingFaceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
    CLEANER.register(this, tokenizer::close);
  }

  /**
   * @param json a file as the library "tokenizers" writes it
   * @param mostTokens of a text; 0 = as the file says
   * @throws KeldaException INVALID_FILE
   */
  static Tokenizer of(byte[] json, int mostTokens) {
    Map<String, String> options =
        mostTokens == 0
            ? Map.of("padding", "false")
            : Map.of(
                "padding", "false",
                "maxLength", String.valueOf(mostTokens),
                "modelMaxLength", String.valueOf(mostTokens));
    try {
      return new Tokenizer(
          HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), options));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      throw new KeldaException(
          ErrorCode.INVALID_FILE, "the tokenizer is refused: " + e.getMessage(), e);
    }
  }

  /** The numbers of each text's tokens, special ones included. */
  List<long[]> encode(List<String> texts) {
    try {
      return Arrays.stream(tokenizer.batchEncode(texts)).map(Encoding::getIds).toList();
    } finally {
      Reference.reachabilityFence(this);
    }
  }
}
