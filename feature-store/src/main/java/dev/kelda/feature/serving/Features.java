package dev.kelda.feature.serving;

import static java.util.Objects.requireNonNull;

import dev.kelda.feature.online.Found;
import dev.kelda.feature.online.OnlineCatalog;
import dev.kelda.feature.online.OnlineView;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.Caller;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * The features that a request wants, from one view or several.
 *
 * @param views in the order of their first feature
 * @param wanted in the order of the request
 */
record Features(List<OnlineView> views, List<Wanted> wanted) {
  /**
   * One column of the answer.
   *
   * @param view its index among the views
   * @param column its ordinal in the view
   * @param name what the answer calls it
   */
  record Wanted(int view, int column, String name) {
    Wanted {
      requireNonNull(name, "name is null");
    }
  }

  Features {
    views = List.copyOf(views);
    wanted = List.copyOf(wanted);
  }

  /**
   * @param references {@code view:feature}, or {@code view} for all that is not of its key
   * @param full call every feature {@code view__feature}; otherwise only those that two views have
   * @throws KeldaException INVALID_ARGUMENT, COLUMN_NOT_FOUND, TABLE_NOT_FOUND
   */
  static Features of(List<String> references, boolean full, OnlineCatalog catalog, Caller caller) {
    if (references.isEmpty()) {
      throw new KeldaException(ErrorCode.INVALID_ARGUMENT, "no feature is asked for");
    }
    Map<String, Integer> indexes = new LinkedHashMap<>();
    List<OnlineView> views = new ArrayList<>();
    List<Wanted> wanted = new ArrayList<>();
    for (String reference : references) {
      int colon = reference.lastIndexOf(':');
      String name = colon < 0 ? reference : reference.substring(0, colon);
      int index =
          indexes.computeIfAbsent(
              name,
              any -> {
                views.add(catalog.view(caller, QuotedNames.parts(name)));
                return views.size() - 1;
              });
      String prefix = QuotedNames.parts(name).getLast() + "__";
      OnlineView view = views.get(index);
      for (int column : columns(view, reference, colon)) {
        String feature = view.layout().columns().getFields().get(column).getName();
        wanted.add(new Wanted(index, column, prefix + feature));
      }
    }
    return new Features(views, full ? wanted : shortened(views, wanted));
  }

  private static List<Integer> columns(OnlineView view, String reference, int colon) {
    List<Field> fields = view.layout().columns().getFields();
    if (colon < 0) {
      int[] keys = view.layout().keys();
      return IntStream.range(0, fields.size())
          .filter(i -> IntStream.of(keys).noneMatch(key -> key == i))
          .boxed()
          .toList();
    }
    String feature = reference.substring(colon + 1);
    return List.of(
        IntStream.range(0, fields.size())
            .filter(i -> fields.get(i).getName().equalsIgnoreCase(feature))
            .boxed()
            .findFirst()
            .orElseThrow(
                () ->
                    new KeldaException(
                        ErrorCode.COLUMN_NOT_FOUND,
                        "view \"%s\" has no feature \"%s\"; it has %s"
                            .formatted(
                                view.id(),
                                feature,
                                String.join(", ", fields.stream().map(Field::getName).toList())))));
  }

  private static List<Wanted> shortened(List<OnlineView> views, List<Wanted> wanted) {
    Map<String, Integer> uses = new LinkedHashMap<>();
    wanted.forEach(w -> uses.merge(feature(views, w), 1, Integer::sum));
    return wanted.stream()
        .map(
            w ->
                uses.get(feature(views, w)) == 1
                    ? new Wanted(w.view(), w.column(), feature(views, w))
                    : w)
        .toList();
  }

  private static String feature(List<OnlineView> views, Wanted wanted) {
    return views.get(wanted.view()).layout().columns().getFields().get(wanted.column()).getName();
  }

  Field field(Wanted of) {
    return views.get(of.view()).layout().columns().getFields().get(of.column());
  }

  /** The columns of an answer: NULL where nothing was found. */
  Schema schema() {
    return new Schema(wanted.stream().map(this::answered).toList());
  }

  private Field answered(Wanted of) {
    Field field = field(of);
    return new Field(of.name(), FieldType.nullable(field.getType()), field.getChildren());
  }

  /**
   * Reads what was found, a row for each key.
   *
   * @param found for each of the views
   * @param into an empty root of {@link #schema}
   */
  void read(List<Found> found, int rows, VectorSchemaRoot into) {
    RowBlock.allocate(into, rows);
    for (int i = 0; i < wanted.size(); i++) {
      Wanted of = wanted.get(i);
      found.get(of.view()).readAll(of.column(), into.getVector(i));
    }
    into.setRowCount(rows);
  }
}
