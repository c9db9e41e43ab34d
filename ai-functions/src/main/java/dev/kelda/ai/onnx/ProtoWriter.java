package dev.kelda.ai.onnx;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** A protobuf message under construction, field by field. */
public final class ProtoWriter {
  private static final int VARINT = 0;
  private static final int BLOCK = 2;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  public ProtoWriter number(int field, long value) {
    tag(field, VARINT);
    varint(value);
    return this;
  }

  public ProtoWriter bytes(int field, byte[] value) {
    tag(field, BLOCK);
    varint(value.length);
    bytes.writeBytes(value);
    return this;
  }

  public ProtoWriter text(int field, String value) {
    return bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  public ProtoWriter message(int field, ProtoWriter value) {
    return bytes(field, value.done());
  }

  /** A whole field as {@link ProtoReader#raw} gives it. */
  ProtoWriter raw(ByteBuffer field) {
    byte[] copy = new byte[field.remaining()];
    field.get(copy);
    bytes.writeBytes(copy);
    return this;
  }

  public byte[] done() {
    return bytes.toByteArray();
  }

  private void tag(int field, int wire) {
    varint((long) field << 3 | wire);
  }

  private void varint(long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      bytes.write((int) (rest & 0x7f | 0x80));
      rest >>>= 7;
    }
    bytes.write((int) rest);
  }
}
