package dev.kelda.server.config;

import dev.kelda.executor.EngineConfig;
import dev.kelda.executor.EngineConfig.CatalogConfig;
import dev.kelda.executor.metastore.MetastoreConfig;
import dev.kelda.executor.setting.SettingType;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.tomlj.Toml;
import org.tomlj.TomlParseResult;

/**
 * Reads kelda.toml. Sections: {@code [server] [engine] [metastore] [online] [settings] [secrets]
 * [catalogs.<name>] [storage."s3://bucket"] [[users]]}; unknown keys are errors. Relative paths
 * start at the file's folder.
 */
public final class ConfigFile {
  /** Short names of object-store options. */
  private static final Map<String, String> S3_KEYS =
      Map.of(
          "endpoint", "aws_endpoint",
          "region", "aws_region",
          "access_key", "aws_access_key_id",
          "secret_key", "aws_secret_access_key",
          "session_token", "aws_session_token",
          "allow_http", "aws_allow_http",
          "virtual_hosted_style", "aws_virtual_hosted_style_request");

  private static final Map<String, String> GOOGLE_KEYS =
      Map.of(
          "endpoint", "google_base_url",
          "service_account", "google_service_account",
          "token", "google_token",
          "allow_http", "google_allow_http");

  private static final Map<String, String> AZURE_KEYS =
      Map.of(
          "endpoint", "azure_storage_endpoint",
          "account_key", "azure_storage_account_key",
          "sas_token", "azure_storage_sas_key",
          "tenant_id", "azure_storage_tenant_id",
          "client_id", "azure_storage_client_id",
          "client_secret", "azure_storage_client_secret",
          "allow_http", "azure_allow_http");

  private static final Map<String, Map<String, String>> STORAGE_KEYS =
      Map.of(
          "s3", S3_KEYS,
          "s3a", S3_KEYS,
          "s3n", S3_KEYS,
          "gs", GOOGLE_KEYS,
          "abfss", AZURE_KEYS,
          "abfs", AZURE_KEYS,
          "wasbs", AZURE_KEYS,
          "wasb", AZURE_KEYS);

  /** Sections whose keys a module knows. */
  private static final List<String> MODULES = List.of("online", "embedding");

  private final Path folder;
  private final TomlSection root;

  private ConfigFile(Path folder, TomlSection root) {
    this.folder = folder;
    this.root = root;
  }

  /**
   * @param home of the server; overrides the file's
   * @throws KeldaException INVALID_CONFIGURATION with file, key and nearest key
   */
  public static Configuration read(Path file, Optional<Path> home) {
    return read(file, home, System::getenv);
  }

  static Configuration read(Path file, Optional<Path> home, UnaryOperator<String> environment) {
    TomlParseResult toml;
    try {
      toml = Toml.parse(Files.readString(file));
    } catch (IOException e) {
      throw new KeldaException(
          ErrorCode.INVALID_CONFIGURATION, "cannot read " + file + ": " + e.getMessage(), e);
    }
    if (toml.hasErrors()) {
      throw new KeldaException(
          ErrorCode.INVALID_CONFIGURATION, file + ": " + toml.errors().getFirst());
    }
    Path folder = file.toAbsolutePath().getParent();
    return new ConfigFile(folder, new TomlSection(file.toString(), "", toml, environment))
        .configuration(home);
  }

  private Configuration configuration(Optional<Path> givenHome) {
    root.allow(
        "server",
        "engine",
        "metastore",
        "settings",
        "secrets",
        "catalogs",
        "storage",
        "users",
        "online",
        "embedding");
    Optional<TomlSection> server = root.section("server");
    Path home =
        givenHome
            .or(() -> server.flatMap(s -> s.text("home")).map(folder::resolve))
            .orElse(defaultHome());
    return new Configuration(engine(EngineConfig.of(home), server), server(server));
  }

  /** {@code $KELDA_HOME}, else {@code ~/.kelda}. */
  public static Path defaultHome() {
    String home = System.getenv("KELDA_HOME");
    return home == null || home.isBlank()
        ? Path.of(System.getProperty("user.home"), ".kelda")
        : Path.of(home);
  }

  private ServerConfig server(Optional<TomlSection> section) {
    ServerConfig d = ServerConfig.DEFAULT;
    Map<String, PasswordHash> users = users();
    if (section.isEmpty()) {
      return d.withUsers(users);
    }
    TomlSection s = section.get();
    s.allow(
        "home",
        "host",
        "port",
        "http_port",
        "tls_certificate",
        "tls_key",
        "allow_plaintext",
        "allow_paths",
        "drain_timeout");
    Optional<Path> certificate = s.text("tls_certificate").map(folder::resolve);
    Optional<Path> key = s.text("tls_key").map(folder::resolve);
    if (certificate.isPresent() != key.isPresent()) {
      throw s.error("tls_certificate and tls_key go together");
    }
    return new ServerConfig(
        s.text("host").orElse(d.host()),
        s.integer("port", 0, 65535).orElse(d.port()),
        s.integer("http_port", -1, 65535).orElse(d.httpPort()),
        certificate.map(c -> new ServerConfig.Tls(c, key.orElseThrow())),
        s.flag("allow_plaintext").orElse(false),
        users,
        s.text("drain_timeout")
            .map(text -> typed(s, "drain_timeout", text, SettingType.DURATION))
            .orElse(d.drain()));
  }

  private Map<String, PasswordHash> users() {
    Map<String, PasswordHash> users = new LinkedHashMap<>();
    for (TomlSection user : root.sections("users")) {
      user.allow("name", "password");
      String name = user.text("name").orElseThrow(() -> user.expected("name", "given"));
      String password = user.text("password").orElseThrow(() -> user.expected("password", "given"));
      if (name.isBlank() || users.put(name, PasswordHash.parse(password)) != null) {
        throw user.error("two users, or none, of the name '" + name + "'");
      }
    }
    return users;
  }

  private EngineConfig engine(EngineConfig defaults, Optional<TomlSection> server) {
    EngineConfig engine = defaults.withBase(folder);
    List<String> paths = server.map(s -> s.texts("allow_paths")).orElse(List.of());
    engine =
        engine.withAllowedLocations(
            paths.stream().map(p -> p.contains("://") ? p : folder.resolve(p).toString()).toList());
    Optional<TomlSection> section = root.section("engine");
    if (section.isPresent()) {
      engine = limits(engine, section.get());
    }
    for (TomlSection catalogs : root.section("catalogs").stream().toList()) {
      for (String name : catalogs.keys()) {
        engine = engine.withCatalog(name, catalog(catalogs, name));
      }
    }
    return engine
        .withMetastore(
            root.section("metastore").map(ConfigFile::metastore).orElse(MetastoreConfig.EMBEDDED))
        .withStores(stores())
        .withModules(modules())
        .withSecrets(root.section("secrets").map(TomlSection::allTexts).orElse(Map.of()))
        .withSettings(root.section("settings").map(TomlSection::allTexts).orElse(Map.of()));
  }

  private Map<String, Map<String, String>> modules() {
    Map<String, Map<String, String>> modules = new LinkedHashMap<>();
    for (String name : MODULES) {
      root.section(name).ifPresent(section -> modules.put(name, section.allTexts()));
    }
    return modules;
  }

  private EngineConfig limits(EngineConfig defaults, TomlSection s) {
    s.allow("memory", "threads", "spill", "max_running", "max_queued");
    EngineConfig engine = defaults;
    Optional<Long> memory =
        s.text("memory").map(t -> typed(s, "memory", t, SettingType.BYTE_COUNT));
    Optional<Long> spill = s.text("spill").map(t -> typed(s, "spill", t, SettingType.BYTE_COUNT));
    Optional<Integer> threads = s.integer("threads", 1, 1024);
    engine = memory.isPresent() ? engine.withMemoryBytes(memory.get()) : engine;
    engine = spill.isPresent() ? engine.withSpillBytes(spill.get()) : engine;
    engine = threads.isPresent() ? engine.withThreads(threads.get()) : engine;
    return engine.withAdmission(
        s.integer("max_running", 1, 100_000).orElse(engine.maxRunning()),
        s.integer("max_queued", 0, 1_000_000).orElse(engine.maxQueued()));
  }

  private static MetastoreConfig metastore(TomlSection s) {
    s.allow("uri", "user", "password");
    return new MetastoreConfig(s.text("uri"), s.text("user"), s.text("password"));
  }

  private CatalogConfig catalog(TomlSection catalogs, String name) {
    TomlSection section =
        catalogs.section(name).orElseThrow(() -> catalogs.expected(name, "a table"));
    Map<String, String> properties = section.allTexts();
    String type = properties.remove("type");
    if (type == null) {
      throw section.expected("type", "given, for example type = \"jdbc\"");
    }
    return new CatalogConfig(type, properties);
  }

  private Map<String, Map<String, String>> stores() {
    Map<String, Map<String, String>> stores = new LinkedHashMap<>();
    for (TomlSection all : root.section("storage").stream().toList()) {
      for (String prefix : all.keys()) {
        TomlSection store = all.section(prefix).orElseThrow();
        Map<String, String> known = STORAGE_KEYS.get(prefix.replaceFirst("://.*", ""));
        if (known == null || !prefix.contains("://")) {
          throw store.error(
              "a storage section is named by a URL prefix: [storage.\"s3://bucket\"], gs:// or"
                  + " abfss://container@account.dfs.core.windows.net");
        }
        Map<String, String> options = new LinkedHashMap<>();
        store.allTexts().forEach((key, value) -> options.put(storageKey(store, known, key), value));
        stores.put(prefix, options);
      }
    }
    return stores;
  }

  private static String storageKey(TomlSection store, Map<String, String> known, String key) {
    if (key.startsWith("aws_") || key.startsWith("google_") || key.startsWith("azure_")) {
      return key;
    }
    if (!known.containsKey(key)) {
      List<String> names = new ArrayList<>(known.keySet());
      throw store.error("unknown key '" + key + "'" + NearestKey.hint(key, names));
    }
    return known.get(key);
  }

  private static <T> T typed(TomlSection section, String key, String text, SettingType<T> type) {
    try {
      return type.parser().apply(text);
    } catch (RuntimeException e) {
      throw section.expected(key, type.expected());
    }
  }
}
