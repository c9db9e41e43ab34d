package dev.kelda.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kelda.connector.iceberg.testing.RestServer;
import dev.kelda.server.config.ConfigFile;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.inmemory.InMemoryFileIO;
import org.apache.iceberg.rest.credentials.ImmutableCredential;
import org.apache.iceberg.rest.responses.LoadTableResponse;
import org.gaul.s3proxy.AccessGrant;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.TransientNio2BlobStore;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * A REST catalog that hands out keys with each table. The store takes a key for the folder of its
 * table alone; Kelda has no other.
 */
final class TestVendedCredentials {
  private static final String SECRET = "not-to-be-told";

  @TempDir static Path folder;
  private static S3Proxy proxy;
  private static String endpoint;
  private static RestServer rest;
  private static KeldaServer server;
  private static Statements statements;

  /** Each valid key with the folder that it opens. */
  private static final Map<String, String> KEYS = new ConcurrentHashMap<>();

  @BeforeAll
  static void start() throws Exception {
    TransientNio2BlobStore store = new TransientNio2BlobStore();
    proxy =
        S3Proxy.builder()
            .blobStore(store)
            .endpoint(URI.create("http://127.0.0.1:0"))
            .awsAuthentication(AuthenticationType.AWS_V2_OR_V4, "catalog", SECRET)
            .build();
    proxy.setBlobStoreLocator(
        (identity, container, blob) -> {
          boolean whole = identity.equals("catalog");
          String opened = whole ? "" : KEYS.get(identity);
          boolean fits = opened != null && (blob == null || blob.startsWith(opened));
          return fits ? new AccessGrant(SECRET, store) : null;
        });
    proxy.start();
    endpoint = "http://127.0.0.1:" + proxy.getPort();
    try (S3Client s3 = client()) {
      s3.createBucket(request -> request.bucket("lake"));
    }
    rest =
        new RestServer(
            folder.resolve("server.db"),
            "s3://lake/prod",
            new InMemoryFileIO(),
            TestVendedCredentials::vend);
    Path file = folder.resolve("kelda.toml");
    Files.writeString(
        file,
        """
        [server]
        port = 0
        http_port = -1
        [catalogs.shared]
        type = "iceberg"
        catalog = "rest"
        uri = "URI"
        credential = "CREDENTIAL"
        oauth2-server-uri = "URI/v1/oauth/tokens"
        location = "s3://lake/prod"
        [storage."s3://lake"]
        endpoint = "ENDPOINT"
        access_key = "nobody"
        secret_key = "SECRET"
        """
            .replace("URI", rest.uri())
            .replace("CREDENTIAL", RestServer.CREDENTIAL)
            .replace("ENDPOINT", endpoint)
            .replace("SECRET", SECRET));
    server = KeldaServer.start(ConfigFile.read(file, Optional.of(folder.resolve("home"))));
    statements = new Statements(server);
  }

  private static S3Client client() {
    return S3Client.builder()
        .httpClientBuilder(UrlConnectionHttpClient.builder())
        .endpointOverride(URI.create(endpoint))
        .forcePathStyle(true)
        .region(Region.US_EAST_1)
        .credentialsProvider(
            StaticCredentialsProvider.create(AwsBasicCredentials.create("catalog", SECRET)))
        .build();
  }

  private static void vend(TableMetadata table, LoadTableResponse.Builder answer) {
    String key = "key-" + KEYS.size();
    KEYS.put(key, table.location().substring("s3://lake/".length()) + "/");
    Map<String, String> config =
        Map.of(
            "s3.access-key-id", key,
            "s3.secret-access-key", SECRET,
            "s3.endpoint", endpoint,
            "client.region", "us-east-1");
    if (KEYS.size() % 2 == 0) {
      answer.addAllConfig(config);
    } else {
      answer.addCredential(
          ImmutableCredential.builder().prefix(table.location()).config(config).build());
    }
  }

  @AfterAll
  static void stop() throws Exception {
    assertThat(server.engine().metrics().leakedBytes()).isZero();
    server.close();
    rest.close();
    proxy.stop();
  }

  @Test
  void eachTableIsReachedWithItsOwnKey() throws SQLException {
    statements.rows("CREATE TABLE shared.main.a (id BIGINT, name VARCHAR)");
    statements.rows("INSERT INTO shared.main.a VALUES (1, 'one'), (2, 'two'), (3, 'three')");
    statements.rows("CREATE TABLE shared.main.ab AS SELECT id, id * 10 AS v FROM shared.main.a");
    statements.rows("UPDATE shared.main.a SET name = UPPER(name) WHERE id = 2");
    statements.rows("DELETE FROM shared.main.ab WHERE id = 3");
    assertThat(
            statements.rows(
                "SELECT a.id, name, v FROM shared.main.a LEFT JOIN shared.main.ab USING (id)"
                    + " ORDER BY 1"))
        .containsExactly("1|one|10", "2|TWO|20", "3|three|null");
    statements.rows("CALL shared.system.rewrite_data_files('main.a')");
    assertThat(statements.rows("SELECT COUNT(*) FROM shared.main.a")).containsExactly("3");
  }

  @Test
  void aKeyThatOpensNothingIsRefused() throws SQLException {
    statements.rows("CREATE TABLE shared.main.r AS SELECT 1 AS id");
    assertThat(statements.rows("SELECT * FROM shared.main.r")).containsExactly("1");
    KEYS.replaceAll((key, opened) -> opened.contains("main/r") ? "nothing" : opened);
    statements.refused("SELECT * FROM shared.main.r", "refuses access", SECRET);
  }
}
