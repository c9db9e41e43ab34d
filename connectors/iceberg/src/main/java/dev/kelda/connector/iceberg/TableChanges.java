package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.ColumnTransform;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.SortKey;
import dev.kelda.spi.connector.TableChange;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.iceberg.NullOrder;
import org.apache.iceberg.PartitionField;
import org.apache.iceberg.ReplaceSortOrder;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.TableUtil;
import org.apache.iceberg.Transaction;
import org.apache.iceberg.UpdatePartitionSpec;
import org.apache.iceberg.UpdateProperties;
import org.apache.iceberg.UpdateSchema;
import org.apache.iceberg.expressions.Literal;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;

/** Changes of definition as updates of one transaction; the caller commits it. */
final class TableChanges {
  /** The property that holds a table's comment, as Spark and Trino name it. */
  static final String COMMENT = "comment";

  private final Table before;
  private final Transaction transaction;
  private final Locations locations;

  TableChanges(Table before, Transaction transaction, Locations locations) {
    this.before = before;
    this.transaction = transaction;
    this.locations = locations;
  }

  void apply(TableChange change) {
    switch (change) {
      case TableChange.AddColumn c -> addColumn(c);
      case TableChange.DropColumn c -> dropColumn(c);
      case TableChange.RenameColumn c -> {
        String name = column(c.column());
        schema().renameColumn(name, c.name()).commit();
      }
      case TableChange.SetType c -> setType(c);
      case TableChange.SetNullable c -> setNullable(c);
      case TableChange.SetDefault c -> setDefault(c);
      case TableChange.SetColumnComment c ->
          schema().updateColumnDoc(column(c.column()), c.comment().orElse(null)).commit();
      case TableChange.SetComment c -> setComment(c.comment());
      case TableChange.MoveColumn c -> {
        UpdateSchema update = schema();
        move(update, column(c.column()), c.place());
        update.commit();
      }
      case TableChange.AddPartitionField c -> addPartitionField(c);
      case TableChange.DropPartitionField c -> dropPartitionField(c.term());
      case TableChange.SetSortOrder c -> setSortOrder(c.keys());
      case TableChange.SetProperties c -> setProperties(c.properties());
      case TableChange.UnsetProperties c -> {
        UpdateProperties update = transaction.updateProperties();
        c.names().forEach(update::remove);
        update.commit();
      }
      case TableChange.SetReference c -> new References(transaction).set(c);
      case TableChange.DropReference c -> new References(transaction).drop(c);
    }
  }

  private Schema current() {
    return transaction.table().schema();
  }

  private UpdateSchema schema() {
    return transaction.updateSchema().caseSensitive(false);
  }

  private String column(List<String> path) {
    return Layouts.column(current(), path);
  }

  private Types.NestedField field(List<String> path) {
    return current().findField(column(path));
  }

  private void addColumn(TableChange.AddColumn change) {
    String parent = change.parent().isEmpty() ? null : column(change.parent());
    Field column = change.column();
    String full = parent == null ? column.getName() : parent + "." + column.getName();
    if (current().caseInsensitiveFindField(full) != null) {
      if (change.ifNotExists()) {
        return;
      }
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT, "there is a column \"" + full + "\" already");
    }
    if (!column.isNullable()
        && change.defaultValue().isEmpty()
        && before.currentSnapshot() != null) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "column \"" + full + "\" is NOT NULL: rows that are there need a DEFAULT for it");
    }
    Type type = IcebergTypes.toIceberg(column);
    Literal<?> value = literal(full, type, change.defaultValue());
    String comment = column.getMetadata().get("comment");
    UpdateSchema update = schema();
    if (column.isNullable()) {
      update.addColumn(parent, column.getName(), type, comment, value);
    } else {
      update
          .allowIncompatibleChanges()
          .addRequiredColumn(parent, column.getName(), type, comment, value);
    }
    change.place().ifPresent(place -> move(update, full, place));
    update.commit();
  }

  private Literal<?> literal(String column, Type type, Optional<Scalar> value) {
    if (value.isEmpty() || value.get().value().isEmpty()) {
      return null;
    }
    int version = TableUtil.formatVersion(before);
    if (version < 3) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "DEFAULT needs format version 3, the table has "
              + version
              + ": SET PROPERTIES ('"
              + TableProperties.FORMAT_VERSION
              + "' = 3) first");
    }
    return Values.literal(column, type, value.get());
  }

  private void dropColumn(TableChange.DropColumn change) {
    if (change.ifExists()
        && current().caseInsensitiveFindField(String.join(".", change.column())) == null) {
      return;
    }
    schema().deleteColumn(column(change.column())).commit();
  }

  private void setType(TableChange.SetType change) {
    String name = column(change.column());
    Type type = IcebergTypes.toIceberg(change.type());
    Type old = current().findType(name);
    if (!type.isPrimitiveType() || !old.isPrimitiveType()) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          "column \"" + name + "\" of type " + old + " cannot become " + type);
    }
    schema().updateColumn(name, type.asPrimitiveType()).commit();
  }

  private void setNullable(TableChange.SetNullable change) {
    String name = column(change.column());
    if (change.nullable()) {
      schema().makeColumnOptional(name).commit();
      return;
    }
    Types.NestedField field = current().findField(name);
    if (field.isRequired()) {
      return;
    }
    NullCounts.requireNone(before, field.fieldId(), name);
    schema().allowIncompatibleChanges().requireColumn(name).commit();
  }

  private void setDefault(TableChange.SetDefault change) {
    String name = column(change.column());
    Literal<?> value = literal(name, field(change.column()).type(), change.value());
    schema().updateColumnDefault(name, value).commit();
  }

  private static void move(UpdateSchema update, String column, TableChange.Place place) {
    int dot = column.lastIndexOf('.');
    String parent = dot < 0 ? "" : column.substring(0, dot + 1);
    switch (place) {
      case TableChange.Place.First ignored -> update.moveFirst(column);
      case TableChange.Place.After after -> update.moveAfter(column, parent + after.sibling());
      case TableChange.Place.Before next -> update.moveBefore(column, parent + next.sibling());
    }
  }

  private void addPartitionField(TableChange.AddPartitionField change) {
    UpdatePartitionSpec update = transaction.updateSpec();
    var term = Layouts.term(current(), change.term());
    change.name().ifPresentOrElse(name -> update.addField(name, term), () -> update.addField(term));
    update.commit();
  }

  private void dropPartitionField(ColumnTransform term) {
    String name = String.join(".", term.column());
    boolean plain = term.function() == ColumnTransform.Function.IDENTITY;
    Optional<String> named =
        transaction.table().spec().fields().stream()
            .map(PartitionField::name)
            .filter(field -> plain && field.equalsIgnoreCase(name))
            .findFirst();
    UpdatePartitionSpec update = transaction.updateSpec();
    named.ifPresentOrElse(
        update::removeField, () -> update.removeField(Layouts.term(current(), term)));
    update.commit();
  }

  private void setSortOrder(List<SortKey> keys) {
    ReplaceSortOrder order = transaction.replaceSortOrder();
    for (SortKey key : keys) {
      var term = Layouts.term(current(), key.term());
      NullOrder nulls = key.nullsFirst() ? NullOrder.NULLS_FIRST : NullOrder.NULLS_LAST;
      if (key.ascending()) {
        order.asc(term, nulls);
      } else {
        order.desc(term, nulls);
      }
    }
    order.commit();
  }

  private void setComment(Optional<String> comment) {
    UpdateProperties update = transaction.updateProperties();
    comment.ifPresentOrElse(text -> update.set(COMMENT, text), () -> update.remove(COMMENT));
    update.commit();
  }

  private void setProperties(Map<String, String> properties) {
    if (properties.containsKey("location")) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED, "a table's location cannot change once it is made");
    }
    String version = properties.get(TableProperties.FORMAT_VERSION);
    if (version != null && !List.of("2", "3").contains(version)) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          TableProperties.FORMAT_VERSION + " = " + version + ": use 2 or 3");
    }
    locations.checkTable(before.location(), properties);
    UpdateProperties update = transaction.updateProperties();
    properties.forEach(update::set);
    update.commit();
  }
}
