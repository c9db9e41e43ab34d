package dev.kelda.planner.validate;

import dev.kelda.planner.catalog.CatalogSnapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlJoin;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.util.SqlBasicVisitor;
import org.apache.calcite.sql.validate.SqlValidatorUtil;

/** The names by which a query's FROM clauses call their tables, to help whoever mistook one. */
final class FromNames {
  /**
   * @param columns empty when not known
   */
  private record Entry(String qualifier, List<String> columns) {}

  private final CatalogSnapshot catalog;
  private final List<List<Entry>> clauses = new ArrayList<>();

  private FromNames(CatalogSnapshot catalog) {
    this.catalog = catalog;
  }

  static FromNames of(SqlNode query, CatalogSnapshot catalog) {
    FromNames names = new FromNames(catalog);
    query.accept(
        new SqlBasicVisitor<Void>() {
          @Override
          public Void visit(SqlCall call) {
            if (call instanceof SqlSelect select && select.getFrom() != null) {
              List<Entry> clause = new ArrayList<>();
              names.collect(select.getFrom(), clause);
              names.clauses.add(clause);
            }
            return super.visit(call);
          }
        });
    return names;
  }

  List<String> qualifiers() {
    return clauses.stream().flatMap(List::stream).map(Entry::qualifier).distinct().toList();
  }

  /** Of all tables and sub-queries whose columns are known. */
  List<String> columns() {
    return clauses.stream().flatMap(List::stream).flatMap(e -> e.columns().stream()).toList();
  }

  /** The tables of the first FROM clause in which several have the column. */
  List<String> holding(String column) {
    return clauses.stream()
        .map(
            clause ->
                clause.stream()
                    .filter(e -> e.columns().stream().anyMatch(column::equalsIgnoreCase))
                    .map(Entry::qualifier)
                    .distinct()
                    .toList())
        .filter(found -> found.size() > 1)
        .findFirst()
        .orElse(List.of());
  }

  private void collect(SqlNode from, List<Entry> into) {
    switch (from) {
      case SqlJoin join -> {
        collect(join.getLeft(), into);
        collect(join.getRight(), into);
      }
      case SqlIdentifier table -> into.add(new Entry(table.names.getLast(), columns(table)));
      case SqlCall call when call.getKind() == SqlKind.AS ->
          into.add(
              new Entry(((SqlIdentifier) call.operand(1)).getSimple(), columns(call.operand(0))));
      default -> {}
    }
  }

  private List<String> columns(SqlNode table) {
    return switch (table) {
      case SqlIdentifier name ->
          (name.isSimple()
                  ? catalog.synthetic(name.getSimple())
                  : Optional.<dev.kelda.planner.catalog.TableReference>empty())
              .or(() -> catalog.find(name.names))
              .map(t -> t.table().schema().getFields().stream().map(Field::getName).toList())
              .orElse(List.of());
      case SqlSelect select ->
          select.getSelectList().stream()
              .flatMap(item -> Optional.ofNullable(SqlValidatorUtil.alias(item)).stream())
              .toList();
      default -> List.of();
    };
  }
}
