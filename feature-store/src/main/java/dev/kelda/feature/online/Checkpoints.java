package dev.kelda.feature.online;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** A view's table and its checkpoint as bytes, for stores to keep. */
public final class Checkpoints {
  private static final int VERSION = 1;

  private Checkpoints() {}

  /**
   * @param table number of the view's table among all of the store
   */
  public record Published(long table, OnlineStore.Checkpoint checkpoint) {}

  public static byte[] bytes(Published published) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      byte[] fingerprint = published.checkpoint().fingerprint().getBytes(StandardCharsets.UTF_8);
      out.writeInt(VERSION);
      out.writeLong(published.table());
      out.writeInt(fingerprint.length);
      out.write(fingerprint);
      out.writeUTF(published.checkpoint().snapshot());
      out.writeLong(published.checkpoint().pushed());
    } catch (IOException e) {
      throw new UncheckedIOException(e); // memory does not fail
    }
    return bytes.toByteArray();
  }

  public static Published of(byte[] bytes) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      int version = in.readInt();
      if (version != VERSION) {
        throw new IllegalArgumentException("a checkpoint of version " + version);
      }
      long table = in.readLong();
      String fingerprint = new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
      return new Published(
          table, new OnlineStore.Checkpoint(fingerprint, in.readUTF(), in.readLong()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
