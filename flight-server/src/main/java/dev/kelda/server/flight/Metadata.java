package dev.kelda.server.flight;

import com.google.protobuf.Message;
import dev.kelda.executor.CatalogView;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.connector.TableListing;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.arrow.flight.sql.FlightSqlColumnMetadata;
import org.apache.arrow.flight.sql.FlightSqlProducer.Schemas;
import org.apache.arrow.flight.sql.impl.FlightSql;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.WriteChannel;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers Flight SQL's metadata commands from a session's catalogs. Names match whatever the case;
 * patterns know {@code %}, {@code _} and {@code \}. A catalog that fails is left out and logged:
 * one dead source does not hide the others.
 */
final class Metadata {
  private static final Logger LOG = LoggerFactory.getLogger(Metadata.class);

  private Metadata() {}

  /**
   * @throws KeldaException NOT_SUPPORTED for what is no metadata command
   */
  static Schema schema(Message command) {
    return switch (command) {
      case FlightSql.CommandGetCatalogs ignored -> Schemas.GET_CATALOGS_SCHEMA;
      case FlightSql.CommandGetDbSchemas ignored -> Schemas.GET_SCHEMAS_SCHEMA;
      case FlightSql.CommandGetTables tables ->
          tables.getIncludeSchema()
              ? Schemas.GET_TABLES_SCHEMA
              : Schemas.GET_TABLES_SCHEMA_NO_SCHEMA;
      case FlightSql.CommandGetTableTypes ignored -> Schemas.GET_TABLE_TYPES_SCHEMA;
      case FlightSql.CommandGetPrimaryKeys ignored -> Schemas.GET_PRIMARY_KEYS_SCHEMA;
      case FlightSql.CommandGetImportedKeys ignored -> Schemas.GET_IMPORTED_KEYS_SCHEMA;
      case FlightSql.CommandGetExportedKeys ignored -> Schemas.GET_EXPORTED_KEYS_SCHEMA;
      case FlightSql.CommandGetCrossReference ignored -> Schemas.GET_CROSS_REFERENCE_SCHEMA;
      case FlightSql.CommandGetXdbcTypeInfo ignored -> Schemas.GET_TYPE_INFO_SCHEMA;
      case FlightSql.CommandGetSqlInfo ignored -> Schemas.GET_SQL_INFO_SCHEMA;
      default ->
          throw new KeldaException(
              ErrorCode.NOT_SUPPORTED,
              command.getDescriptorForType().getName() + " is not supported here");
    };
  }

  /** The rows of every command but GetSqlInfo; the caller closes them. */
  static VectorSchemaRoot rows(Message command, CatalogView view, BufferAllocator allocator) {
    VectorSchemaRoot root = VectorSchemaRoot.create(schema(command), allocator);
    try {
      RowWriter rows = new RowWriter(root);
      switch (command) {
        case FlightSql.CommandGetCatalogs ignored ->
            view.catalogs().stream().sorted().forEach(rows::add);
        case FlightSql.CommandGetDbSchemas schemas -> schemas(schemas, view, rows);
        case FlightSql.CommandGetTables tables -> tables(tables, view, rows);
        case FlightSql.CommandGetTableTypes ignored ->
            Arrays.stream(TableKind.values()).map(Metadata::tableType).sorted().forEach(rows::add);
        case FlightSql.CommandGetXdbcTypeInfo types ->
            SqlTypes.typeInfo().stream()
                .filter(row -> !types.hasDataType() || row[1].equals(types.getDataType()))
                .forEach(rows::add);
        default -> {} // keys: tables of a lake have none
      }
      return rows.finish();
    } catch (RuntimeException e) {
      root.close();
      throw e;
    }
  }

  private static void schemas(
      FlightSql.CommandGetDbSchemas command, CatalogView view, RowWriter rows) {
    Predicate<String> wanted =
        like(command.hasDbSchemaFilterPattern(), command.getDbSchemaFilterPattern());
    for (String catalog : catalogs(view, command.hasCatalog(), command.getCatalog())) {
      for (String schema : schemasOf(view, catalog, wanted)) {
        rows.add(catalog, schema);
      }
    }
  }

  private static void tables(FlightSql.CommandGetTables command, CatalogView view, RowWriter rows) {
    Predicate<String> schemaWanted =
        like(command.hasDbSchemaFilterPattern(), command.getDbSchemaFilterPattern());
    Predicate<String> tableWanted =
        like(command.hasTableNameFilterPattern(), command.getTableNameFilterPattern());
    List<String> types = command.getTableTypesList();
    for (String catalog : catalogs(view, command.hasCatalog(), command.getCatalog())) {
      for (String schema : schemasOf(view, catalog, schemaWanted)) {
        for (TableListing table : listing(view, catalog, schema)) {
          String type = tableType(table.kind());
          if (!tableWanted.test(table.name())
              || (!types.isEmpty() && types.stream().noneMatch(type::equalsIgnoreCase))) {
            continue;
          }
          if (command.getIncludeSchema()) {
            guarded(
                    catalog,
                    Optional.<Table>empty(),
                    () -> view.table(catalog, schema, table.name()))
                .ifPresent(
                    loaded ->
                        rows.add(
                            catalog,
                            schema,
                            table.name(),
                            type,
                            serialised(described(loaded, catalog, schema, table.name()))));
          } else {
            rows.add(catalog, schema, table.name(), type);
          }
        }
      }
    }
  }

  /** JDBC says TABLE where information_schema says BASE TABLE. */
  private static String tableType(TableKind kind) {
    return kind == TableKind.TABLE ? "TABLE" : kind.sqlName();
  }

  private static List<String> catalogs(CatalogView view, boolean filtered, String name) {
    return view.catalogs().stream()
        .filter(catalog -> !filtered || catalog.equalsIgnoreCase(name))
        .sorted()
        .toList();
  }

  private static List<String> schemasOf(CatalogView view, String catalog, Predicate<String> name) {
    return guarded(catalog, List.<String>of(), () -> view.schemas(catalog)).stream()
        .filter(name)
        .sorted()
        .toList();
  }

  /** The table's schema with what JDBC wants to know of each column as field metadata. */
  private static Schema described(Table table, String catalog, String schema, String name) {
    return new Schema(
        table.schema().getFields().stream()
            .map(field -> described(field, catalog, schema, name))
            .toList());
  }

  private static Field described(Field field, String catalog, String schema, String table) {
    FlightSqlColumnMetadata.Builder about =
        new FlightSqlColumnMetadata.Builder()
            .catalogName(catalog)
            .schemaName(schema)
            .tableName(table)
            .typeName(SqlTypes.name(field.getType()))
            .precision(SqlTypes.precision(field.getType()))
            .scale(SqlTypes.scale(field.getType()))
            .isAutoIncrement(false)
            .isCaseSensitive(SqlTypes.name(field.getType()).equals("VARCHAR"))
            .isReadOnly(false)
            .isSearchable(true);
    Map<String, String> metadata = new LinkedHashMap<>(field.getMetadata());
    String comment = metadata.get("comment");
    if (comment != null) {
      about.remarks(comment);
    }
    metadata.putAll(about.build().getMetadataMap());
    return new Field(
        field.getName(),
        new FieldType(field.isNullable(), field.getType(), null, metadata),
        field.getChildren());
  }

  /** As an IPC message, the way Flight SQL carries schemas inside of messages. */
  static byte[] serialised(Schema schema) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      MessageSerializer.serialize(new WriteChannel(Channels.newChannel(bytes)), schema);
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory", e);
    }
    return bytes.toByteArray();
  }

  private static Predicate<String> like(boolean given, String pattern) {
    if (!given) {
      return name -> true;
    }
    StringBuilder regex = new StringBuilder();
    for (int i = 0; i < pattern.length(); i++) {
      char c = pattern.charAt(i);
      if (c == '%') {
        regex.append(".*");
      } else if (c == '_') {
        regex.append('.');
      } else {
        boolean escapes = c == '\\' && i + 1 < pattern.length();
        regex.append(Pattern.quote(String.valueOf(escapes ? pattern.charAt(++i) : c)));
      }
    }
    return Pattern.compile(
            regex.toString(), Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE | Pattern.DOTALL)
        .asMatchPredicate();
  }

  private static List<TableListing> listing(CatalogView view, String catalog, String schema) {
    return guarded(catalog, List.of(), () -> view.tables(catalog, schema));
  }

  private static <T> T guarded(String catalog, T fallback, Supplier<T> listing) {
    try {
      return listing.get();
    } catch (KeldaException e) {
      LOG.warn("catalog {} is left out of a listing: {}", catalog, e.describe());
      return fallback;
    }
  }
}
