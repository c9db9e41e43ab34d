package dev.kelda.connector.iceberg;

import static java.util.stream.Collectors.toMap;

import dev.kelda.spi.connector.ObjectStores;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.Closeable;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.rest.credentials.Credential;

/**
 * Credentials that a REST server hands out with a table, lent to the engine's object stores for the
 * folders of that table and for nothing else. They are renewed in time while statements may still
 * run that read the table. Thread-safe.
 */
final class VendedCredentials implements Closeable {
  /** No statement that reads a table is expected to run longer. */
  private static final Duration KEPT = Duration.ofHours(12);

  /** Of their life, after which they are asked for again. */
  private static final double RENEWED_AFTER = 0.75;

  private static final Duration SHORTEST_WAIT = Duration.ofSeconds(1);

  /** Iceberg's names for credentials, with the native engine's. */
  private static final Map<String, String> SECRETS =
      Map.of(
          "s3.access-key-id", "aws_access_key_id",
          "s3.secret-access-key", "aws_secret_access_key",
          "s3.session-token", "aws_session_token",
          "gcs.oauth2.token", "google_token",
          "adls.auth.shared-key.account.key", "azure_storage_account_key");

  /** What goes with them. */
  private static final Map<String, String> ADDRESSES =
      Map.of(
          "s3.endpoint", "aws_endpoint",
          "client.region", "aws_region",
          "gcs.service.host", "google_base_url");

  /** Followed by an account's name or host. */
  private static final String SAS_TOKEN = "adls.sas-token.";

  private static final List<String> EXPIRY =
      List.of(
          "s3.session-token-expires-at-ms",
          "gcs.oauth2.token-expires-at",
          "adls.sas-token-expires-at-ms.");

  private final Locations locations;
  private final ObjectStores stores;
  private final Map<String, Loan> loans = new HashMap<>();
  private final ScheduledThreadPoolExecutor renewals =
      new ScheduledThreadPoolExecutor(
          1, Thread.ofPlatform().daemon().name("kelda-credentials").factory());

  /**
   * What came with a table: properties for its files, and credentials by prefix.
   *
   * @param properties secret
   */
  record Handed(Map<String, String> properties, List<Credential> credentials) {
    /** Of the credentials whose prefix fits, the most specific ones; else the properties. */
    private Map<String, String> at(String location) {
      return credentials.stream()
          .filter(credential -> location.startsWith(credential.prefix()))
          .max(Comparator.comparingInt(credential -> credential.prefix().length()))
          .map(Credential::config)
          .orElse(properties);
    }
  }

  /**
   * @param since when they came
   * @param wanted when a statement last asked for the table
   */
  private record Loan(
      Instant since, Instant until, Instant wanted, Optional<Supplier<Handed>> again) {
    /** In the first half of its life: a client that is known needs no new connections. */
    boolean isFresh(Instant now) {
      return now.isBefore(since.plus(Duration.between(since, until).dividedBy(2)));
    }
  }

  VendedCredentials(Locations locations, ObjectStores stores) {
    this.locations = locations;
    this.stores = stores;
  }

  /**
   * Lends what came with a table. Folders outside the catalog's location get nothing.
   *
   * @param again asks the server anew, if that can be done
   */
  void lend(TableMetadata table, Handed handed, Optional<Supplier<Handed>> again) {
    Stream.concat(
            Stream.of(table.location()),
            Stream.of(TableProperties.WRITE_DATA_LOCATION, TableProperties.WRITE_METADATA_LOCATION)
                .flatMap(property -> Stream.ofNullable(table.properties().get(property))))
        .filter(locations::inWarehouse)
        .filter(folder -> !Locations.isLocal(folder))
        .forEach(folder -> lend(folder, handed, again, Instant.now()));
  }

  private synchronized void lend(
      String folder, Handed handed, Optional<Supplier<Handed>> again, Instant wanted) {
    Loan before = loans.get(folder);
    Instant now = Instant.now();
    if (before != null && before.isFresh(now)) {
      loans.put(
          folder, new Loan(before.since(), before.until(), wanted, again.or(() -> before.again())));
      return;
    }
    Map<String, String> properties = handed.at(folder);
    Map<String, String> options = options(folder, properties);
    if (options.isEmpty()) {
      return;
    }
    Optional<Instant> until = expiry(properties);
    stores.lend(folder, options, until);
    until.ifPresent(
        end -> {
          loans.put(folder, new Loan(now, end, wanted, again));
          renewIn(fraction(Duration.between(now, end)), folder);
        });
  }

  private static Duration fraction(Duration life) {
    return Duration.ofMillis((long) (life.toMillis() * RENEWED_AFTER));
  }

  private void renewIn(Duration wait, String folder) {
    Duration longEnough = wait.compareTo(SHORTEST_WAIT) < 0 ? SHORTEST_WAIT : wait;
    renewals.schedule(() -> renew(folder), longEnough.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void renew(String folder) {
    Loan loan;
    synchronized (this) {
      loan = loans.get(folder);
      Instant now = Instant.now();
      if (loan == null || loan.isFresh(now)) {
        return;
      }
      if (loan.again().isEmpty() || loan.wanted().plus(KEPT).isBefore(now)) {
        loans.remove(folder);
        return;
      }
    }
    try {
      lend(folder, loan.again().get().get(), loan.again(), loan.wanted());
    } catch (RuntimeException e) {
      // A table that is gone, or a server that is: statements that still read it will say so.
      System.getLogger(VendedCredentials.class.getName())
          .log(System.Logger.Level.WARNING, "cannot renew the credentials for " + folder, e);
      Duration left = Duration.between(Instant.now(), loan.until());
      if (left.isPositive()) {
        renewIn(left.dividedBy(10), folder);
      }
    }
  }

  /** For the native engine; empty when these are no credentials that it can use. */
  private static Map<String, String> options(String folder, Map<String, String> properties) {
    Map<String, String> options = known(properties, SECRETS);
    String account = account(folder);
    properties.forEach(
        (key, value) -> {
          if (key.startsWith(SAS_TOKEN) && account.equals(account(key, SAS_TOKEN))) {
            options.put("azure_storage_sas_key", value);
          }
        });
    if (!options.isEmpty()) {
      options.putAll(known(properties, ADDRESSES));
    }
    return options;
  }

  private static Map<String, String> known(
      Map<String, String> properties, Map<String, String> names) {
    return properties.entrySet().stream()
        .filter(entry -> names.containsKey(entry.getKey()))
        .collect(toMap(entry -> names.get(entry.getKey()), Map.Entry::getValue));
  }

  /** Of {@code abfss://container@account.host/path}; empty for other locations. */
  private static String account(String folder) {
    int at = folder.indexOf('@');
    return at < 0 ? "" : folder.substring(at + 1).split("[./]", 2)[0];
  }

  private static String account(String key, String prefix) {
    return key.substring(prefix.length()).split("\\.", 2)[0];
  }

  private static Optional<Instant> expiry(Map<String, String> properties) {
    return properties.entrySet().stream()
        .filter(entry -> EXPIRY.stream().anyMatch(entry.getKey()::startsWith))
        .map(entry -> instant(entry.getKey(), entry.getValue()))
        .min(Comparator.naturalOrder());
  }

  private static Instant instant(String key, String millis) {
    try {
      return Instant.ofEpochMilli(Long.parseLong(millis));
    } catch (NumberFormatException e) {
      throw new KeldaException(
          ErrorCode.CATALOG_ERROR, "the catalog says " + key + " = '" + millis + "'", e);
    }
  }

  @Override
  public void close() {
    renewals.shutdownNow();
  }
}
