package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableKind;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.iceberg.MetadataTableType;
import org.apache.iceberg.MetadataTableUtils;

/** What Iceberg knows of a table, as rows: {@code t$snapshots}, {@code t$files} and the like. */
final class MetadataTable implements Table {
  private final String name;
  private final org.apache.iceberg.Table metadata;
  private final Schema schema;
  private final String version;

  private MetadataTable(String name, org.apache.iceberg.Table metadata, String version) {
    this.name = name;
    this.metadata = metadata;
    this.schema = IcebergTypes.toArrow(name, metadata.schema());
    this.version = version;
  }

  /** {@code t$files} taken apart; empty when the suffix names no metadata table. */
  static Optional<Split> split(String name) {
    int dollar = name.lastIndexOf('$');
    if (dollar <= 0) {
      return Optional.empty();
    }
    String suffix = name.substring(dollar + 1).toUpperCase(Locale.ROOT);
    for (MetadataTableType type : MetadataTableType.values()) {
      if (type.name().equals(suffix)) {
        return Optional.of(new Split(name.substring(0, dollar), type));
      }
    }
    return Optional.empty();
  }

  record Split(String table, MetadataTableType type) {}

  static MetadataTable of(String name, IcebergTable base, MetadataTableType type) {
    return new MetadataTable(
        name,
        MetadataTableUtils.createMetadataTableInstance(base.iceberg(), type),
        base.version() + "$" + type);
  }

  @Override
  public Schema schema() {
    return schema;
  }

  @Override
  public TableKind kind() {
    return TableKind.SYSTEM_TABLE;
  }

  @Override
  public String version() {
    return version;
  }

  @Override
  public Scan scan(List<Predicate> conjuncts) {
    return new MetadataScan();
  }

  private final class MetadataScan implements Scan.Java {
    @Override
    public String description() {
      return "metadata of " + name;
    }

    @Override
    public ArrowReader open(BufferAllocator allocator, Scan.OpenRequest request) {
      List<Field> fields = request.columns().stream().map(schema.getFields()::get).toList();
      return new MetadataReader(allocator, new Schema(fields), name, metadata, request.columns());
    }
  }
}
