package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.Procedure;
import java.util.List;
import java.util.Map;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotSummary;
import org.apache.iceberg.Table;

/** {@code register_table}: a table of files that are there becomes one of the catalog. */
final class RegisterTable {
  private RegisterTable() {}

  static Procedure of(Maintained tables) {
    return new Procedures.Simple(
        "register_table",
        List.of(
            Procedures.required("table", Procedure.ArgumentType.NEW_TABLE),
            Procedures.required("metadata_file", Procedure.ArgumentType.TEXT)),
        List.of(
            Procedures.number("current_snapshot_id"),
            Procedures.number("total_records_count"),
            Procedures.number("total_data_files_count")),
        (arguments, context) -> {
          Procedure.TableName name = arguments.value("table", Procedure.TableName.class);
          return IcebergErrors.translating(
              name.toString(),
              () -> rows(tables.register(name, arguments.value("metadata_file", String.class))));
        });
  }

  private static List<List<Object>> rows(Table table) {
    Snapshot snapshot = table.currentSnapshot();
    Map<String, String> summary = snapshot == null ? Map.of() : snapshot.summary();
    return List.of(
        Procedures.row(
            Procedures.current(table),
            number(summary, SnapshotSummary.TOTAL_RECORDS_PROP),
            number(summary, SnapshotSummary.TOTAL_DATA_FILES_PROP)));
  }

  private static Object number(Map<String, String> summary, String key) {
    String text = summary.get(key);
    return text == null ? null : Long.valueOf(text);
  }
}
