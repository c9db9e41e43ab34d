package dev.kelda.connector.iceberg;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.ConnectorContext;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.TableDefinition;
import dev.kelda.spi.connector.TableWrite;
import dev.kelda.spi.connector.TableWrite.WriteTarget;
import dev.kelda.spi.connector.TableWrite.WrittenFile;
import dev.kelda.spi.connector.WritableConnector;
import dev.kelda.spi.testing.Contexts;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.TransientNio2BlobStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

class TestS3Warehouse {
  @TempDir Path home;

  @Test
  void tablesLiveInABucket() throws Exception {
    S3Proxy server =
        S3Proxy.builder()
            .blobStore(new TransientNio2BlobStore())
            .endpoint(URI.create("http://127.0.0.1:0"))
            .awsAuthentication(AuthenticationType.AWS_V2_OR_V4, "key", "secret")
            .build();
    server.start();
    String endpoint = "http://127.0.0.1:" + server.getPort();
    try (S3Client s3 = client(endpoint);
        WritableConnector connector = connect(endpoint)) {
      s3.createBucket(b -> b.bucket("lake"));
      Schema columns =
          new Schema(
              List.of(
                  Field.nullable("id", CanonicalTypes.INT64),
                  Field.nullable("name", CanonicalTypes.UTF8),
                  Field.nullable("price", CanonicalTypes.FLOAT64)));
      TableWrite write = connector.createTableAs("main", "t", TableDefinition.of(columns), false);
      write.commit(List.of(upload(s3, write.target(), "a")));

      Scan.Files scan = (Scan.Files) connector.table("main", "t").orElseThrow().scan(List.of());
      assertThat(scan.files()).hasSize(1);
      assertThat(scan.files().getFirst().path()).startsWith("s3://lake/wh/main/t/data/");
      assertThat(scan.files().getFirst().rows()).isEqualTo(100);

      TableWrite aborted = connector.insert("main", "t");
      upload(s3, aborted.target(), "b");
      aborted.abort(List.of());
      assertThat(s3.listObjectsV2(l -> l.bucket("lake").prefix("wh/main/t/data")).contents())
          .hasSize(1);
      connector.dropTable("main", "t");
      assertThat(s3.listObjectsV2(l -> l.bucket("lake")).contents()).isEmpty();
    } finally {
      server.stop();
    }
  }

  private WritableConnector connect(String endpoint) {
    Map<String, String> storage =
        Map.of(
            "aws_endpoint", endpoint,
            "aws_access_key_id", "key",
            "aws_secret_access_key", "secret");
    ConnectorContext context = Contexts.of(home, Map.of("s3://lake", storage));
    return (WritableConnector)
        new IcebergConnectorFactory().create("lake", Map.of("warehouse", "s3://lake/wh"), context);
  }

  private static S3Client client(String endpoint) {
    return S3Client.builder()
        .httpClientBuilder(UrlConnectionHttpClient.builder())
        .endpointOverride(URI.create(endpoint))
        .forcePathStyle(true)
        .region(Region.US_EAST_1)
        .credentialsProvider(
            StaticCredentialsProvider.create(AwsBasicCredentials.create("key", "secret")))
        .build();
  }

  private WrittenFile upload(S3Client s3, WriteTarget target, String suffix) throws Exception {
    WriteTarget local =
        new WriteTarget(
            "file://" + home,
            target.filePrefix(),
            target.columns(),
            target.columnIds(),
            target.targetFileBytes(),
            target.compression(),
            target.rowGroupRows(),
            target.layout(),
            target.oneFile());
    WrittenFile file = ParquetFiles.write(local, suffix, 0, 100);
    Path path = LocalFileIO.path(file.path());
    String url = target.location() + "/" + path.getFileName();
    s3.putObject(p -> p.bucket("lake").key(url.substring("s3://lake/".length())), path);
    Files.delete(path);
    return new WrittenFile(url, file.rows(), file.bytes(), List.of());
  }
}
