package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.TableWrite.WriteTarget;
import dev.kelda.spi.connector.TableWrite.WrittenFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/** Writes Parquet files with field ids as the engine does, by means of DuckDB. */
final class ParquetFiles {
  private ParquetFiles() {}

  /** Rows (n, 'name n', n / 2) for n from {@code start}. */
  static WrittenFile write(WriteTarget target, String suffix, long start, long count) {
    String location = target.location() + "/" + target.filePrefix() + "-" + suffix + ".parquet";
    Path path = LocalFileIO.path(location);
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = connection.createStatement()) {
      Files.createDirectories(path.getParent());
      statement.execute(
          "COPY (SELECT n AS id, 'name ' || n AS name, n / 2 AS price FROM range("
              + start
              + ", "
              + (start + count)
              + ") r(n)) TO '"
              + path
              + "' (FORMAT parquet, FIELD_IDS {id: "
              + target.columnIds().get(0).fieldId()
              + ", name: "
              + target.columnIds().get(1).fieldId()
              + ", price: "
              + target.columnIds().get(2).fieldId()
              + "})");
      return new WrittenFile(location, count, Files.size(path), List.of());
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
