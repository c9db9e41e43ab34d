package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.Procedure;
import java.util.List;
import org.apache.iceberg.Table;

/** The tables of a catalog, as procedures need them. */
interface Maintained {
  /** Loads a table's state of now, for changes. */
  Table load(Procedure.TableName name);

  /** How it is changed. */
  IcebergTable.Changes changes(Procedure.TableName name);

  /** Puts a table that is there already into the catalog, by its metadata file. */
  Table register(Procedure.TableName name, String metadataFile);

  /** Locations of all other tables of the catalog. */
  List<String> locationsOfOthers(Table table);

  Locations locations();
}
