package dev.kelda.connector.files;

import dev.kelda.spi.connector.Connector;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.connector.TableListing;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Files on disk and in object stores: functions that read a path, and the configured tables. */
final class FilesConnector implements Connector {
  private static final String SCHEMA = "main";

  private final Map<String, String> tables;
  private final FileTables files;

  /**
   * @param tables path by table name
   */
  FilesConnector(Map<String, String> tables, FileTables files) {
    this.tables = Map.copyOf(tables);
    this.files = files;
  }

  @Override
  public List<String> schemas() {
    return List.of(SCHEMA);
  }

  @Override
  public List<TableListing> tables(String schema) {
    return schema.equals(SCHEMA)
        ? tables.keySet().stream()
            .sorted()
            .map(name -> new TableListing(name, TableKind.TABLE))
            .toList()
        : List.of();
  }

  @Override
  public Optional<Table> table(String schema, String name) {
    return schema.equals(SCHEMA)
        ? Optional.ofNullable(tables.get(name)).map(path -> files.open(FileKind.ofPath(path), path))
        : Optional.empty();
  }

  @Override
  public List<TableFunction> tableFunctions() {
    return FileFunction.all(files);
  }

  @Override
  public void close() {
    files.forget();
  }
}
