package dev.kelda.executor.bridge;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Finds and loads the native library: the path in {@code -Dkelda.native.library} if given, else the
 * one bundled in the jar, extracted into a private folder that is deleted at once after loading.
 */
final class NativeLibrary {
  static final String PROPERTY = "kelda.native.library";
  private static boolean loaded;

  private NativeLibrary() {}

  static synchronized void load() {
    if (loaded) {
      return;
    }
    try {
      String path = System.getProperty(PROPERTY, "");
      if (path.isEmpty()) {
        loadBundled();
      } else {
        System.load(Path.of(path).toAbsolutePath().toString());
      }
      loaded = true;
    } catch (IOException | UnsatisfiedLinkError e) {
      throw new KeldaException(
          ErrorCode.INVALID_CONFIGURATION,
          "cannot load the native library (" + e.getMessage() + "); set -D" + PROPERTY,
          e);
    }
  }

  private static void loadBundled() throws IOException {
    String name = System.mapLibraryName("kelda_native");
    String resource = "/dev/kelda/native/" + platform() + "/" + name;
    try (InputStream in = NativeLibrary.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IOException("no " + resource + " in the jar; was it built for this platform?");
      }
      Path folder = Files.createTempDirectory("kelda-native");
      Path file = folder.resolve(name);
      try {
        Files.copy(in, file);
        System.load(file.toString());
      } finally {
        Files.deleteIfExists(file);
        Files.deleteIfExists(folder);
      }
    }
  }

  /** For example {@code linux-x86_64}: the folder that executor/pom.xml copies the library into. */
  static String platform() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    return (os.startsWith("mac") ? "macos" : os.startsWith("windows") ? "windows" : os)
        + "-"
        + switch (arch) {
          case "amd64", "x86_64" -> "x86_64";
          case "arm64", "aarch64" -> "aarch64";
          default -> arch;
        };
  }
}
