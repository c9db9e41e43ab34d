package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Scan;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.iceberg.Schema;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.mapping.MappedField;
import org.apache.iceberg.mapping.NameMapping;
import org.apache.iceberg.mapping.NameMappingParser;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;

/** Field ids, initial defaults and names (for files without ids) of a schema's columns. */
final class ColumnSources {
  private final Optional<NameMapping> mapping;

  private ColumnSources(Optional<NameMapping> mapping) {
    this.mapping = mapping;
  }

  static List<Scan.ColumnSource> of(Schema schema, Map<String, String> properties) {
    Optional<NameMapping> mapping =
        Optional.ofNullable(properties.get(TableProperties.DEFAULT_NAME_MAPPING))
            .map(NameMappingParser::fromJson);
    ColumnSources sources = new ColumnSources(mapping);
    return schema.columns().stream().map(sources::source).toList();
  }

  private Scan.ColumnSource source(Types.NestedField field) {
    Optional<Scalar> initialDefault =
        Optional.ofNullable(field.initialDefault())
            .filter(value -> field.type().isPrimitiveType())
            .map(value -> Values.scalar(field.type(), value));
    return new Scan.ColumnSource(
        field.fieldId(), initialDefault, children(field.type()), names(field.fieldId()));
  }

  private List<Scan.ColumnSource> children(Type type) {
    return type.isNestedType()
        ? type.asNestedType().fields().stream().map(this::source).toList()
        : List.of();
  }

  private List<String> names(int fieldId) {
    return mapping
        .map(names -> names.find(fieldId))
        .map(MappedField::names)
        .map(names -> names.stream().sorted().toList())
        .orElse(List.of());
  }
}
