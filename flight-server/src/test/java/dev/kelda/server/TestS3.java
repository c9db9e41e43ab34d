package dev.kelda.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kelda.server.config.ConfigFile;
import dev.kelda.server.config.Configuration;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.TransientNio2BlobStore;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * A bucket from kelda.toml to the rows: files, globs, an Iceberg warehouse, and what is refused.
 */
final class TestS3 {
  private static final Path DATA = Path.of("../tests/sql/data");

  @TempDir static Path folder;
  private static S3Proxy proxy;
  private static S3Client s3;
  private static KeldaServer server;

  @BeforeAll
  static void start() throws Exception {
    proxy =
        S3Proxy.builder()
            .blobStore(new TransientNio2BlobStore())
            .endpoint(URI.create("http://127.0.0.1:0"))
            .awsAuthentication(AuthenticationType.AWS_V2_OR_V4, "key", "secret")
            .build();
    proxy.start();
    String endpoint = "http://127.0.0.1:" + proxy.getPort();
    s3 =
        S3Client.builder()
            .httpClientBuilder(UrlConnectionHttpClient.builder())
            .endpointOverride(URI.create(endpoint))
            .forcePathStyle(true)
            .region(Region.US_EAST_1)
            .credentialsProvider(
                StaticCredentialsProvider.create(AwsBasicCredentials.create("key", "secret")))
            .build();
    for (String bucket : List.of("data", "wrong", "lake")) {
      s3.createBucket(request -> request.bucket(bucket));
    }
    for (String file :
        List.of(
            "items-1.parquet",
            "items-2.parquet",
            "people.csv",
            "events.jsonl",
            "truncated.parquet")) {
      put("data", "in/" + file, file);
    }
    put("data", "in/year=2024/with space & 100%.csv", "people.csv");
    put("wrong", "people.csv", "people.csv");
    server = KeldaServer.start(configuration(endpoint));
  }

  private static void put(String bucket, String key, String file) {
    s3.putObject(
        request -> request.bucket(bucket).key(key), RequestBody.fromFile(DATA.resolve(file)));
  }

  private static Configuration configuration(String endpoint) throws Exception {
    Path file = folder.resolve("kelda.toml");
    Files.writeString(
        file,
        """
        [server]
        port = 0
        http_port = -1
        allow_paths = ["s3://data/in", "s3://wrong", "s3://missing"]
        [catalogs.cloud]
        type = "iceberg"
        warehouse = "s3://lake/warehouse"
        [storage."s3://data"]
        endpoint = "ENDPOINT"
        region = "us-east-1"
        access_key = "key"
        secret_key = "secret"
        [storage."s3://lake"]
        endpoint = "ENDPOINT"
        access_key = "key"
        secret_key = "secret"
        [storage."s3://missing"]
        endpoint = "ENDPOINT"
        access_key = "key"
        secret_key = "secret"
        [storage."s3://wrong"]
        endpoint = "ENDPOINT"
        access_key = "key"
        secret_key = "not the secret"
        """
            .replace("ENDPOINT", endpoint));
    return ConfigFile.read(file, Optional.of(folder.resolve("home")));
  }

  @AfterAll
  static void stop() throws Exception {
    assertThat(server.engine().metrics().leakedBytes()).isZero();
    server.close();
    s3.close();
    proxy.stop();
  }

  private static List<String> rows(String sql) throws SQLException {
    return new Statements(server).rows(sql);
  }

  @Test
  void readsParquet() throws SQLException {
    assertThat(rows("SELECT COUNT(*), SUM(id) FROM READ_PARQUET('s3://data/in/items-*.parquet')"))
        .containsExactly("15|105");
    assertThat(rows("SELECT COUNT(*) FROM 's3://data/in/items-1.parquet' WHERE id BETWEEN 3 AND 4"))
        .containsExactly("2");
  }

  @Test
  void readsText() throws SQLException {
    assertThat(rows("SELECT COUNT(*) FROM 's3://data/in/people.csv'")).containsExactly("3");
    assertThat(rows("SELECT COUNT(*) FROM READ_JSON('s3://data/in/*.jsonl')")).containsExactly("2");
    assertThat(rows("SELECT COUNT(*) FROM 's3://data/in/year=2024/with space & 100%.csv'"))
        .containsExactly("3");
    assertThat(rows("SELECT COUNT(*) FROM 's3://data/in/**/*.csv'")).containsExactly("6");
  }

  @Test
  void seesAChangedObject() throws SQLException {
    put("data", "in/changing.csv", "people.csv");
    assertThat(rows("SELECT COUNT(*) FROM 's3://data/in/changing.csv'")).containsExactly("3");
    s3.putObject(
        request -> request.bucket("data").key("in/changing.csv"),
        RequestBody.fromString("id\n1\n"));
    assertThat(rows("SELECT COUNT(*) FROM 's3://data/in/changing.csv'")).containsExactly("1");
    s3.deleteObject(request -> request.bucket("data").key("in/changing.csv"));
    refused("SELECT COUNT(*) FROM 's3://data/in/changing.csv'", "FILE_NOT_FOUND");
  }

  @Test
  void keepsAWarehouse() throws SQLException {
    rows("CREATE TABLE cloud.main.t AS SELECT * FROM 's3://data/in/items-*.parquet'");
    rows("INSERT INTO cloud.main.t SELECT * FROM cloud.main.t WHERE id < 5");
    assertThat(rows("SELECT COUNT(*), COUNT(DISTINCT id) FROM cloud.main.t"))
        .containsExactly("20|15");
    assertThat(s3.listObjectsV2(list -> list.bucket("lake").prefix("warehouse/main/t/")).contents())
        .isNotEmpty();
    rows("DROP TABLE cloud.main.t");
    assertThat(s3.listObjectsV2(list -> list.bucket("lake")).contents()).isEmpty();
  }

  @Test
  void saysWhatIsWrong() {
    refused("SELECT * FROM 's3://wrong/people.csv'", "s3://wrong");
    refused("SELECT * FROM 's3://missing/people.csv'", "s3://missing");
    refused("SELECT * FROM 's3://missing/*.csv'", "s3://missing");
    refused("SELECT * FROM 's3://data/in/nothing.csv'", "FILE_NOT_FOUND");
    refused("SELECT * FROM 's3://data/in/truncated.parquet'", "truncated.parquet");
    refused("SELECT * FROM 's3://data/outside.csv'", "ACCESS_DENIED");
    refused("SELECT * FROM 's3://data/in/../outside.csv'", "ACCESS_DENIED");
    refused("SELECT * FROM 's3://lake/warehouse/x.csv'", "ACCESS_DENIED");
  }

  private static void refused(String sql, String told) {
    new Statements(server).refused(sql, told, "not the secret");
  }
}
