package dev.kelda.ai.registry;

import dev.kelda.ai.onnx.OnnxGuard;
import dev.kelda.spi.connector.LocationPolicy;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Model files: {@code HOME/warehouse/models/<hash>.onnx}, written once.
 *
 * @param folder of the warehouse's models
 */
public record ModelFiles(Path folder, LocationPolicy locations) {
  private static final String SCHEME = "file://";

  /** A file that the guard let pass. */
  public record Checked(byte[] bytes, String hash) {}

  /**
   * Reads a file where a user may read, and checks it.
   *
   * @throws KeldaException ACCESS_DENIED, FILE_NOT_FOUND, NOT_SUPPORTED, INVALID_FILE
   */
  public Checked read(String path) {
    String url = locations.resolve(path);
    if (!url.startsWith(SCHEME)) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED, "models are read from files, not from '" + path + "'");
    }
    Path file = Path.of(url.substring(SCHEME.length()));
    try {
      if (!Files.isRegularFile(file)) {
        throw new KeldaException(ErrorCode.FILE_NOT_FOUND, "there is no file '" + path + "'");
      }
      if (Files.size(file) > OnnxGuard.MOST_BYTES) {
        throw new KeldaException(ErrorCode.INVALID_FILE, "'" + path + "' is too large for a model");
      }
      byte[] bytes = Files.readAllBytes(file);
      OnnxGuard.check(bytes);
      return new Checked(bytes, hash(bytes));
    } catch (IOException e) {
      throw failed(path, e);
    }
  }

  /** Keeps the bytes under their hash. */
  public void keep(Checked checked) {
    Path file = file(checked.hash());
    try {
      Files.createDirectories(folder);
      if (!Files.exists(file)) {
        Path whole = Files.createTempFile(folder, "new-", ".tmp");
        Files.write(whole, checked.bytes());
        Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE);
      }
    } catch (IOException e) {
      throw failed(file.toString(), e);
    }
  }

  /**
   * @throws KeldaException STORAGE_ERROR when the bytes are not those of the hash any more
   */
  public byte[] load(String hash) {
    try {
      byte[] bytes = Files.readAllBytes(file(hash));
      if (!hash(bytes).equals(hash)) {
        throw new KeldaException(
            ErrorCode.STORAGE_ERROR, "the model file " + hash + " was changed in the warehouse");
      }
      return bytes;
    } catch (NoSuchFileException e) {
      throw new KeldaException(
          ErrorCode.STORAGE_ERROR, "the model file " + hash + " is missing in the warehouse", e);
    } catch (IOException e) {
      throw failed(hash, e);
    }
  }

  private Path file(String hash) {
    return folder.resolve(hash + ".onnx");
  }

  private static String hash(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static KeldaException failed(String path, IOException e) {
    return new KeldaException(
        ErrorCode.STORAGE_ERROR, "model file '" + path + "': " + e.getMessage(), e);
  }
}
