package dev.kelda.connector.iceberg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.TableDefinition;
import dev.kelda.spi.connector.TableWrite;
import dev.kelda.spi.connector.TableWrite.WriteTarget;
import dev.kelda.spi.connector.TableWrite.WrittenFile;
import dev.kelda.spi.connector.WritableConnector;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.testing.Contexts;
import dev.kelda.spi.testing.MemoryStores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.iceberg.exceptions.AlreadyExistsException;
import org.apache.iceberg.exceptions.NotFoundException;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.io.PositionOutputStream;
import org.apache.iceberg.io.SeekableInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestObjectWarehouse {
  @TempDir Path home;
  private final MemoryStores stores = new MemoryStores();

  @Test
  void tablesLiveInAnyStore() throws IOException {
    for (String warehouse :
        List.of("s3://lake/wh", "gs://lake/wh", "abfss://lake@account.dfs.core.windows.net/wh")) {
      try (WritableConnector connector = connect(warehouse)) {
        Schema columns =
            new Schema(
                List.of(
                    Field.nullable("id", CanonicalTypes.INT64),
                    Field.nullable("name", CanonicalTypes.UTF8),
                    Field.nullable("price", CanonicalTypes.FLOAT64)));
        TableWrite write = connector.createTableAs("main", "t", TableDefinition.of(columns), false);
        write.commit(List.of(upload(write.target(), "a")));

        Scan.Files scan = (Scan.Files) connector.table("main", "t").orElseThrow().scan(List.of());
        assertThat(scan.files()).hasSize(1);
        assertThat(scan.files().getFirst().path()).startsWith(warehouse + "/main/t/data/");
        assertThat(scan.files().getFirst().rows()).isEqualTo(100);

        TableWrite aborted = connector.insert("main", "t");
        upload(aborted.target(), "b");
        aborted.abort(List.of());
        assertThat(stores.list(warehouse + "/main/t/data")).hasSize(1);
        connector.dropTable("main", "t");
        assertThat(stores.list(warehouse)).isEmpty();
      }
    }
  }

  @Test
  void objectsAreReadInPieces() throws IOException {
    byte[] content = new byte[3_000_001];
    new Random(1).nextBytes(content);
    ObjectIO io = new ObjectIO(stores, Map.of());
    OutputFile out = io.newOutputFile("s3://b/k");
    try (PositionOutputStream stream = out.create()) {
      stream.write(content, 0, 10);
      stream.write(content[10]);
      stream.write(content, 11, content.length - 11);
      assertThat(stream.getPos()).isEqualTo(content.length);
      assertThat(stores.find("s3://b/k")).as("not there before it is whole").isEmpty();
    }
    assertThatThrownBy(out::create).isInstanceOf(AlreadyExistsException.class);
    try (SeekableInputStream in = out.toInputFile().newStream()) {
      assertThat(in.readAllBytes()).isEqualTo(content);
      assertThat(in.read()).isEqualTo(-1);
      for (int from : new int[] {2_999_990, 5, 1_000_000, 0}) {
        in.seek(from);
        assertThat(in.readNBytes(9)).isEqualTo(Arrays.copyOfRange(content, from, from + 9));
        assertThat(in.getPos()).isEqualTo(from + 9);
      }
    }
    assertThatThrownBy(() -> io.newInputFile("s3://b/none").newStream())
        .isInstanceOf(NotFoundException.class);
    assertThatThrownBy(() -> io.newInputFile("s3://b/none", 7).newStream().read())
        .isInstanceOf(NotFoundException.class);
    assertThatThrownBy(() -> io.newInputFile("s3://b/k", 4_000_000).newStream().readAllBytes())
        .isInstanceOf(KeldaException.class)
        .hasMessageContaining("ends before");
  }

  private WritableConnector connect(String warehouse) {
    return (WritableConnector)
        new IcebergConnectorFactory()
            .create("lake", Map.of("warehouse", warehouse), Contexts.of(home, stores));
  }

  private WrittenFile upload(WriteTarget target, String suffix) throws IOException {
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
    stores.write(url, Files.readAllBytes(path));
    Files.delete(path);
    return new WrittenFile(url, file.rows(), file.bytes(), List.of());
  }
}
