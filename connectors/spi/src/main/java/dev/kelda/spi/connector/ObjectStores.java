package dev.kelda.spi.connector;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Objects in S3 ({@code s3://bucket/key}), Google Cloud Storage ({@code gs://bucket/key}) and Azure
 * ({@code abfss://container@account.dfs.core.windows.net/key}), for the small files that a catalog
 * keeps beside the data. Implemented by the native engine, which reads the data with the same
 * credentials. Paths are not checked here: that is for the caller, by its {@link LocationPolicy}.
 * Thread-safe. Every call throws STORAGE_ERROR when the store fails or refuses.
 */
public interface ObjectStores {
  /** What is stored at the URL; empty when there is nothing. */
  Optional<StoredObject> find(String url);

  /**
   * @param to exclusive, not beyond the object's end
   * @throws dev.kelda.spi.error.KeldaException FILE_NOT_FOUND
   */
  byte[] read(String url, long from, long to);

  /** Stores it whole, in place of what was there. */
  void write(String url, byte[] content);

  /** Silent when there is none. */
  void delete(String url);

  /** Objects whose URL begins with the prefix, which may end within a name. */
  List<StoredObject> list(String prefix);

  /**
   * Reaches what lies at the prefix and below it with these options from now on, in place of the
   * configured ones of the same name. Queries that run go on with them.
   *
   * @param options as those of the configuration ({@code aws_access_key_id}, {@code google_token},
   *     {@code azure_storage_sas_key}, …); secret
   * @param until when they stop to be of use, if that is known
   * @throws dev.kelda.spi.error.KeldaException CATALOG_ERROR for options that make no sense
   */
  void lend(String prefix, Map<String, String> options, Optional<Instant> until);

  /**
   * @param url in the form of what was asked for
   * @param modified when it was written
   */
  record StoredObject(String url, long bytes, Instant modified) {
    public StoredObject {
      requireNonNull(url, "url is null");
      requireNonNull(modified, "modified is null");
    }
  }
}
