package dev.kelda.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kelda.server.BlobServer.Dialect;
import dev.kelda.server.config.ConfigFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Google Cloud Storage and Azure from kelda.toml to the rows. */
final class TestCloudStores {
  private static final String SECRET = "not-to-be-told";

  @TempDir static Path folder;
  private static BlobServer google;
  private static BlobServer azure;
  private static KeldaServer server;
  private static Statements statements;

  @BeforeAll
  static void start() throws Exception {
    google = new BlobServer(Dialect.GOOGLE, SECRET);
    azure = new BlobServer(Dialect.AZURE, SECRET);
    Path file = folder.resolve("kelda.toml");
    Files.writeString(
        file,
        """
        [server]
        port = 0
        http_port = -1
        allow_paths = ["gs://lake/wh", "abfss://lake@account.dfs.core.windows.net/wh", "gs://wrong",
            "abfss://wrong@account.dfs.core.windows.net"]
        [catalogs.google]
        type = "iceberg"
        warehouse = "gs://lake/wh"
        [catalogs.azure]
        type = "iceberg"
        warehouse = "abfss://lake@account.dfs.core.windows.net/wh"
        [storage."gs://lake"]
        endpoint = "GOOGLE"
        token = "SECRET"
        [storage."abfss://wrong@account.dfs.core.windows.net"]
        endpoint = "AZURE"
        sas_token = "sv=2024-11-04&sig=another-SECRET"
        [storage."gs://wrong"]
        endpoint = "GOOGLE"
        token = "another-SECRET"
        [storage."abfss://lake@account.dfs.core.windows.net"]
        endpoint = "AZURE"
        sas_token = "sv=2024-11-04&sig=SECRET"
        """
            .replace("GOOGLE", google.endpoint())
            .replace("AZURE", azure.endpoint())
            .replace("SECRET", SECRET));
    server = KeldaServer.start(ConfigFile.read(file, Optional.of(folder.resolve("home"))));
    statements = new Statements(server);
  }

  @AfterAll
  static void stop() throws Exception {
    assertThat(server.engine().metrics().leakedBytes()).isZero();
    server.close();
    google.close();
    azure.close();
  }

  @Test
  void keepWarehouses() throws SQLException {
    keepsWarehouse("google", google, "gs://lake/wh");
    keepsWarehouse("azure", azure, "abfss://lake@account.dfs.core.windows.net/wh");
  }

  private static void keepsWarehouse(String catalog, BlobServer store, String warehouse)
      throws SQLException {
    String table = catalog + ".main.t";
    statements.rows(
        "CREATE TABLE %s AS SELECT i AS id, 'a & b' AS name FROM RANGE(1, 10001) AS r(i)"
            .formatted(table));
    statements.rows(
        "INSERT INTO %1$s SELECT id + 10000, name FROM %1$s WHERE id <= 5".formatted(table));
    statements.rows("DELETE FROM %s WHERE id %% 2 = 0".formatted(table));
    assertThat(statements.rows("SELECT COUNT(*), SUM(id), MIN(name) FROM " + table))
        .containsExactly("5003|25030009|a & b");
    assertThat(store.objects().keySet()).allMatch(key -> key.startsWith("lake/wh/main/t/"));
    assertThat(
            statements.rows(
                "SELECT COUNT(*) > 0 FROM READ_PARQUET('%s/main/t/data/*.parquet') WHERE id < 100"
                    .formatted(warehouse)))
        .containsExactly("true");
    statements.rows("DROP TABLE " + table);
    assertThat(store.objects().keySet()).isEmpty();
  }

  @Test
  void sayWhatIsWrong() {
    statements.refused("SELECT * FROM 'gs://wrong/x.csv'", "gs://wrong/x.csv", SECRET);
    String azure = "abfss://wrong@account.dfs.core.windows.net/x.csv";
    statements.refused("SELECT * FROM '" + azure + "'", azure, SECRET);
    statements.refused("SELECT * FROM 'gs://lake/wh/none.csv'", "FILE_NOT_FOUND", SECRET);
    statements.refused("SELECT * FROM 'gs://lake/elsewhere.csv'", "ACCESS_DENIED", SECRET);
    statements.refused("SELECT * FROM 'abfss://lake/wh/x.csv'", "ACCESS_DENIED", SECRET);
  }
}
