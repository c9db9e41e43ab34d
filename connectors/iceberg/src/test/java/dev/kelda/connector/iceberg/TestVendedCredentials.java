package dev.kelda.connector.iceberg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kelda.connector.iceberg.VendedCredentials.Handed;
import dev.kelda.spi.connector.LocationPolicy;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.testing.MemoryStores;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.SortOrder;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.rest.credentials.Credential;
import org.apache.iceberg.rest.credentials.ImmutableCredential;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestVendedCredentials {
  private static final String S3 = "s3://lake/prod";
  private static final String AZURE = "abfss://lake@account.dfs.core.windows.net/prod";
  private static final Optional<Supplier<Handed>> NEVER = Optional.empty();

  @TempDir Path folder;
  private final MemoryStores stores = new MemoryStores();
  private VendedCredentials vended;

  private VendedCredentials below(String location) {
    vended =
        new VendedCredentials(
            new Locations(location, new LocationPolicy(folder, List.of())), stores);
    return vended;
  }

  @AfterEach
  void close() {
    vended.close();
  }

  @Test
  void theMostSpecificCredentialsServeATable() {
    Handed handed =
        new Handed(
            Map.of("s3.access-key-id", "properties"),
            List.of(
                credential("s3", keys("any")),
                credential(S3 + "/t", keys("table")),
                credential(S3 + "/other", keys("other"))));
    below(S3).lend(table(S3 + "/t", Map.of("write.data.path", S3 + "/data/t")), handed, NEVER);
    assertThat(stores.loans())
        .containsExactly(
            new MemoryStores.Loan(S3 + "/t", lent("table"), Optional.empty()),
            new MemoryStores.Loan(S3 + "/data/t", lent("any"), Optional.empty()));
  }

  @Test
  void propertiesOfATableServeToo() {
    below(AZURE)
        .lend(
            table(AZURE + "/t", Map.of()),
            handed(
                Map.of(
                    "adls.sas-token.account.dfs.core.windows.net", "sas",
                    "adls.sas-token.account2", "not this",
                    "adls.sas-token-expires-at-ms.account.dfs.core.windows.net", "4000000000000",
                    "s3.path-style-access", "true")),
            NEVER);
    Map<String, String> sas = Map.of("azure_storage_sas_key", "sas");
    assertThat(stores.loans())
        .containsExactly(
            new MemoryStores.Loan(
                AZURE + "/t", sas, Optional.of(Instant.ofEpochMilli(4000000000000L))));
  }

  @Test
  void addressesAloneAndForeignFoldersGetNothing() {
    VendedCredentials here = below(S3);
    here.lend(
        table(S3 + "/t", Map.of()),
        handed(Map.of("s3.endpoint", "http://127.0.0.1:1", "client.region", "r")),
        NEVER);
    for (String foreign : List.of("s3://lake/production/t", "s3://lake/prod/../x", "file:///t")) {
      here.lend(table(foreign, Map.of()), handed(keys("k")), NEVER);
    }
    assertThat(stores.loans()).isEmpty();
    Handed wrong = handed(Map.of("s3.session-token-expires-at-ms", "soon", "s3.session-token", ""));
    assertThatThrownBy(() -> here.lend(table(S3 + "/t", Map.of()), wrong, NEVER))
        .isInstanceOfSatisfying(
            KeldaException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CATALOG_ERROR));
  }

  @Test
  void credentialsAreRenewedBeforeTheyEnd() throws InterruptedException {
    AtomicInteger asked = new AtomicInteger();
    Instant first = Instant.now().plusSeconds(4);
    Optional<Supplier<Handed>> again =
        Optional.of(
            () -> {
              if (asked.incrementAndGet() == 1) {
                throw new IllegalStateException("the server is busy");
              }
              return expiring("second", Instant.now().plusSeconds(3600));
            });
    VendedCredentials here = below(S3);
    here.lend(table(S3 + "/t", Map.of()), expiring("first", first), again);
    here.lend(table(S3 + "/t", Map.of()), expiring("too early", first), NEVER);
    assertThat(stores.loans()).hasSize(1);
    Instant limit = Instant.now().plus(Duration.ofSeconds(60));
    while (stores.loans().size() < 2 && Instant.now().isBefore(limit)) {
      Thread.sleep(50);
    }
    assertThat(asked).hasValue(2);
    assertThat(stores.loans().getLast().options()).containsValue("second");
  }

  private static Credential credential(String prefix, Map<String, String> config) {
    return ImmutableCredential.builder().prefix(prefix).config(config).build();
  }

  private static Handed handed(Map<String, String> properties) {
    return new Handed(properties, List.of());
  }

  private static Handed expiring(String key, Instant end) {
    return handed(
        Map.of(
            "s3.access-key-id",
            key,
            "s3.session-token-expires-at-ms",
            String.valueOf(end.toEpochMilli())));
  }

  private static Map<String, String> keys(String id) {
    return Map.of("s3.access-key-id", id, "s3.secret-access-key", "s", "s3.endpoint", "e");
  }

  private static Map<String, String> lent(String id) {
    return Map.of("aws_access_key_id", id, "aws_secret_access_key", "s", "aws_endpoint", "e");
  }

  private static TableMetadata table(String location, Map<String, String> properties) {
    return TableMetadata.newTableMetadata(
        new Schema(), PartitionSpec.unpartitioned(), SortOrder.unsorted(), location, properties);
  }
}
