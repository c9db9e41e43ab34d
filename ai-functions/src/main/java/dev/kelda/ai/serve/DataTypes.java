package dev.kelda.ai.serve;

import dev.kelda.ai.registry.Signature.Element;
import dev.kelda.ai.registry.Signature.Port;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** How the protocol writes types, shapes and texts. */
final class DataTypes {
  private DataTypes() {}

  static String name(Element element) {
    return switch (element) {
      case REAL -> "FP32";
      case DOUBLE -> "FP64";
      case INTEGER -> "INT32";
      case BIGINT -> "INT64";
      case BOOLEAN -> "BOOL";
      case VARCHAR -> "BYTES";
    };
  }

  /** -1 = any size. */
  static List<Long> shape(Port port) {
    return port.flat() ? List.of(-1L) : List.of(-1L, (long) port.width());
  }

  /** Texts as bytes: each with its length in four bytes before it. */
  static List<String> texts(ByteBuffer block) {
    List<String> texts = new ArrayList<>();
    while (block.hasRemaining()) {
      int length = block.remaining() < Integer.BYTES ? -1 : block.getInt();
      if (length < 0 || length > block.remaining()) {
        throw new KeldaException(
            ErrorCode.INVALID_ARGUMENT, "a text of a tensor is longer than what was sent");
      }
      byte[] text = new byte[length];
      block.get(text);
      texts.add(new String(text, StandardCharsets.UTF_8));
    }
    return texts;
  }

  /** The reverse of {@link #texts(ByteBuffer)}. */
  static byte[] bytes(List<String> texts) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (String text : texts) {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      bytes.writeBytes(
          ByteBuffer.allocate(Integer.BYTES)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putInt(utf8.length)
              .array());
      bytes.writeBytes(utf8);
    }
    return bytes.toByteArray();
  }
}
