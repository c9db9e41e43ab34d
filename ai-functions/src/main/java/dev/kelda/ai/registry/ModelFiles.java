package dev.kelda.ai.registry;

import static java.util.Objects.requireNonNull;

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
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Model files: {@code HOME/warehouse/models/<hash>.onnx} and {@code .json} for tokenizers, written
 * once; those that come with Kelda are on the class path.
 *
 * @param folder of the warehouse's models
 */
public record ModelFiles(Path folder, LocationPolicy locations) {
  private static final String SCHEME = "file://";
  private static final String UNFINISHED = ".tmp";
  private static final String ASIDE = ".aside";
  private static final Pattern KEPT =
      Pattern.compile("(?<hash>[0-9a-f]{64})\\.(onnx|json)(" + Pattern.quote(ASIDE) + ")?");

  public ModelFiles {
    requireNonNull(folder, "folder is null");
    requireNonNull(locations, "locations is null");
  }

  /** What a file holds. */
  public enum Kind {
    MODEL("onnx", OnnxGuard.MOST_BYTES),
    TOKENIZER("json", 64L << 20);

    private final String extension;
    private final long mostBytes;

    Kind(String extension, long mostBytes) {
      this.extension = extension;
      this.mostBytes = mostBytes;
    }
  }

  /** The bytes of a file where a user may read; of a model the guard let them pass. */
  public record Checked(Kind kind, byte[] bytes, String hash) {}

  /**
   * Reads a file where a user may read, and checks a model.
   *
   * @throws KeldaException ACCESS_DENIED, FILE_NOT_FOUND, NOT_SUPPORTED, INVALID_FILE
   */
  public Checked read(Kind kind, String path) {
    String url = locations.resolve(path);
    if (!url.startsWith(SCHEME)) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          "models are read from files, not from '" + path + "'; copy it to a folder first");
    }
    Path file = Path.of(url.substring(SCHEME.length()));
    try {
      if (!Files.isRegularFile(file)) {
        throw new KeldaException(ErrorCode.FILE_NOT_FOUND, "there is no file '" + path + "'");
      }
      if (Files.size(file) > kind.mostBytes) {
        throw new KeldaException(
            ErrorCode.INVALID_FILE, "'%s' is larger than %d bytes".formatted(path, kind.mostBytes));
      }
      byte[] bytes = Files.readAllBytes(file);
      if (kind == Kind.MODEL) {
        OnnxGuard.check(bytes);
      }
      return new Checked(kind, bytes, hash(bytes));
    } catch (IOException e) {
      throw failed(path, e);
    }
  }

  /** Keeps the bytes under their hash. */
  public void keep(Checked checked) {
    Path file = file(checked.kind(), checked.hash());
    try {
      Files.createDirectories(folder);
      if (!Files.exists(file)) {
        Path whole = Files.createTempFile(folder, "new-", UNFINISHED);
        Files.write(whole, checked.bytes());
        Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE);
      }
    } catch (IOException e) {
      throw failed(file.toString(), e);
    }
  }

  /**
   * Removes the files that no version needs. A file is set aside, asked for once more, and only
   * then removed, so that one which a CREATE MODEL registers meanwhile comes back; whoever
   * registers calls {@link #keep} before and after. What a crash left is found by the next sweep.
   * Files that Kelda did not name stay.
   *
   * @param needed hashes, as they are when asked
   */
  public void sweep(Supplier<Set<String>> needed) {
    try (Stream<Path> files = Files.list(folder)) {
      Set<String> atFirst = needed.get();
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        Matcher kept = KEPT.matcher(name);
        if (name.endsWith(UNFINISHED)) {
          removeOld(file);
        } else if (kept.matches()
            && (name.endsWith(ASIDE) || !atFirst.contains(kept.group("hash")))) {
          settle(file, kept.group("hash"), needed);
        }
      }
    } catch (NoSuchFileException e) {
      return; // another sweep was faster, or there are no models yet
    } catch (IOException e) {
      throw failed(folder.toString(), e);
    }
  }

  private void settle(Path file, String hash, Supplier<Set<String>> needed) throws IOException {
    String name = file.getFileName().toString();
    String plain = name.endsWith(ASIDE) ? name.substring(0, name.length() - ASIDE.length()) : name;
    Path aside = folder.resolve(plain + ASIDE);
    if (!file.equals(aside)) {
      Files.move(file, aside, StandardCopyOption.ATOMIC_MOVE);
    }
    if (needed.get().contains(hash)) {
      Files.move(aside, folder.resolve(plain), StandardCopyOption.ATOMIC_MOVE);
    } else {
      Files.deleteIfExists(aside);
    }
  }

  /** A file that is being written is young. */
  private static void removeOld(Path file) throws IOException {
    Instant old = Instant.now().minus(Duration.ofHours(1));
    if (Files.getLastModifiedTime(file).toInstant().isBefore(old)) {
      Files.deleteIfExists(file);
    }
  }

  /**
   * @throws KeldaException STORAGE_ERROR when the bytes are not those of the hash any more
   */
  public byte[] load(Kind kind, String hash) {
    try {
      byte[] shipped = ShippedModels.bytes(hash).orElse(null);
      byte[] bytes = shipped == null ? Files.readAllBytes(file(kind, hash)) : shipped;
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

  private Path file(Kind kind, String hash) {
    return folder.resolve(hash + "." + kind.extension);
  }

  /** SHA-256, hexadecimal. */
  public static String hash(byte[] bytes) {
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
