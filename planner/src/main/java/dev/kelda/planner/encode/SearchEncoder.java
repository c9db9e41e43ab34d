package dev.kelda.planner.encode;

import static java.util.Objects.requireNonNull;

import dev.kelda.planner.proto.DataType;
import dev.kelda.planner.proto.Expr;
import dev.kelda.planner.proto.FieldAccess;
import dev.kelda.planner.proto.Join;
import dev.kelda.planner.proto.Rel;
import dev.kelda.planner.proto.Search;
import dev.kelda.planner.proto.Sort;
import dev.kelda.planner.proto.SortKey;
import dev.kelda.planner.proto.Unnest;
import dev.kelda.planner.search.SearchNode;
import dev.kelda.spi.connector.AddressedTable;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Search.Branch;
import dev.kelda.spi.connector.Search.Fusion;
import dev.kelda.spi.connector.Search.Measure;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.TableScan;

/**
 * A search as operators:
 *
 * <pre>
 * queries, rows --Search--> lists of hits --fuse_hits--> one list --Unnest--> hits --Join--> the rows found
 * </pre>
 *
 * Rows that cannot be found again by their address travel in the hits instead of being joined.
 */
final class SearchEncoder {
  private static final DataType DOUBLE = Types.toProto(Field.nullable("", CanonicalTypes.FLOAT64));

  /** What finders give where rows have addresses. */
  private static final DataType HITS =
      Types.toProto(
          new Field(
              "",
              Field.nullable("", ArrowType.List.INSTANCE).getFieldType(),
              List.of(
                  new Field(
                      "item",
                      Field.nullable("", ArrowType.Struct.INSTANCE).getFieldType(),
                      List.of(
                          Field.nullable("address", CanonicalTypes.INT64),
                          Field.nullable("value", CanonicalTypes.FLOAT64))))));

  private final RelEncoder rels;
  private final ScanEncoder scans;

  SearchEncoder(RelEncoder rels, ScanEncoder scans) {
    this.rels = requireNonNull(rels, "rels is null");
    this.scans = requireNonNull(scans, "scans is null");
  }

  Rel encode(SearchNode node) {
    boolean again = node.spec().found().isPresent();
    int width = node.queryColumns();
    Rel hits = fused(node, search(node, again));
    Rel unnested =
        Rel.newBuilder()
            .setUnnest(
                Unnest.newBuilder()
                    .setInput(hits)
                    .addCollections(RexEncoder.column(width))
                    .setOuter(node.spec().outer()))
            .build();
    int parts = again ? 2 : node.spec().output().size() + 1;
    List<Expr> flat = columns(0, width);
    Expr hit = RexEncoder.column(width + 1); // behind the list that it is of
    IntStream.range(0, parts).forEach(i -> flat.add(field(hit, i)));
    Rel rows = RelEncoder.project(unnested, flat);
    return again ? joined(node, rows) : kept(node, rows);
  }

  private Rel search(SearchNode node, boolean again) {
    SearchNode.Spec spec = node.spec();
    Search.Builder to = Search.newBuilder().setQueries(rels.encode(node.queries()));
    boolean all = spec.branches().stream().allMatch(b -> b.vector() < 0) && isWhole(node.rows());
    if (!all) {
      to.setRows(rels.encode(node.rows())).setAddress(Math.max(0, spec.address()));
    }
    for (int i = 0; i < spec.branches().size(); i++) {
      SearchNode.Branch branch = spec.branches().get(i);
      Branch of = spec.search().branches().get(i);
      Search.Finder.Builder finder =
          to.addFindersBuilder()
              .setQuery(RexEncoder.column(branch.query()))
              .setCount(rels.bound(branch.count()).orElseThrow());
      of.index()
          .ifPresentOrElse(
              index -> finder.setFunction(index.function()),
              () ->
                  finder.setExact(
                      Search.Exact.newBuilder()
                          .setVector(branch.vector())
                          .setMetric(metric(of.measure()))
                          .addAllOutput(again ? List.of(spec.address()) : spec.output())));
    }
    return Rel.newBuilder().setSearch(to).build();
  }

  private static Search.Metric metric(Measure measure) {
    return switch (measure) {
      case COSINE -> Search.Metric.COSINE;
      case EUCLIDEAN -> Search.Metric.EUCLIDEAN;
      case DOT_PRODUCT -> Search.Metric.DOT_PRODUCT;
      case TEXT -> throw new IllegalArgumentException("texts are found by functions");
    };
  }

  /** Nothing chooses among the table's rows. */
  private static boolean isWhole(RelNode rows) {
    return rows instanceof TableScan || rows instanceof Project && isWhole(rows.getInput(0));
  }

  /** The queries' columns and one list of hits. */
  private Rel fused(SearchNode node, Rel search) {
    Optional<Fusion> fusion = node.spec().search().fusion();
    if (fusion.isEmpty()) {
      return search;
    }
    int width = node.queryColumns();
    List<Expr> arguments = new ArrayList<>();
    arguments.add(number(fusion.get().k()));
    arguments.add(rels.bound(node.spec().fused().orElseThrow()).orElseThrow());
    arguments.addAll(columns(width, node.spec().branches().size()));
    List<Expr> output = columns(0, width);
    output.add(RexEncoder.call("fuse_hits", HITS, arguments));
    return RelEncoder.project(search, output);
  }

  /** The rows found, read by their addresses. */
  private Rel joined(SearchNode node, Rel hits) {
    SearchNode.Spec spec = node.spec();
    int width = node.queryColumns();
    List<Integer> read = new ArrayList<>(spec.output());
    var table = spec.found().orElseThrow();
    read.add(table.getRowType().getFieldNames().indexOf(AddressedTable.ADDRESS));
    Join.Builder join =
        Join.newBuilder()
            .setLeft(hits)
            .setRight(scans.encode(table, read))
            .setType(spec.outer() ? Join.Type.LEFT : Join.Type.INNER);
    join.addKeysBuilder()
        .setLeft(RexEncoder.column(width))
        .setRight(RexEncoder.column(read.size() - 1));
    Rel rows = sorted(node, Rel.newBuilder().setJoin(join).build(), width + 1, width);
    List<Expr> output = columns(0, width);
    output.addAll(columns(width + 2, spec.output().size()));
    output.addAll(added(node, RexEncoder.column(width + 1)));
    return RelEncoder.project(rows, output);
  }

  private Rel kept(SearchNode node, Rel hits) {
    int rows = node.queryColumns() + node.spec().output().size();
    List<Expr> output = columns(0, rows);
    output.addAll(added(node, RexEncoder.column(rows)));
    return RelEncoder.project(sorted(node, hits, rows, -1), output);
  }

  /** The rows of a single query come best first. */
  private static Rel sorted(SearchNode node, Rel rows, int value, int address) {
    if (!isSingle(node.queries())) {
      return rows;
    }
    dev.kelda.spi.connector.Search search = node.spec().search();
    boolean smaller =
        search.fusion().isEmpty() && search.branches().getFirst().measure().ofVectors();
    Sort.Builder sort = Sort.newBuilder().setInput(rows);
    sort.addKeys(SortKey.newBuilder().setExpr(RexEncoder.column(value)).setDescending(!smaller));
    if (address >= 0) {
      sort.addKeys(SortKey.newBuilder().setExpr(RexEncoder.column(address)));
    }
    return Rel.newBuilder().setSort(sort).build();
  }

  private static boolean isSingle(RelNode queries) {
    Double most = queries.getCluster().getMetadataQuery().getMaxRowCount(queries);
    return most != null && most <= 1;
  }

  /** The columns that the search adds, from a hit's value. */
  private static List<Expr> added(SearchNode node, Expr value) {
    dev.kelda.spi.connector.Search search = node.spec().search();
    if (search.fusion().isPresent()) {
      return List.of(value);
    }
    Expr one = number(1);
    return switch (search.branches().getFirst().measure()) {
      case COSINE -> List.of(value, calculate("subtract", one, value));
      case EUCLIDEAN -> List.of(value, calculate("divide", one, calculate("add", one, value)));
      case DOT_PRODUCT -> List.of(value, calculate("subtract", number(0), value));
      case TEXT -> List.of(value);
    };
  }

  private static Expr calculate(String function, Expr left, Expr right) {
    return RexEncoder.call(function, DOUBLE, List.of(left, right));
  }

  private static Expr number(double value) {
    return LiteralEncoder.expr(
        dev.kelda.planner.proto.Literal.newBuilder().setType(DOUBLE).setFloating(value).build());
  }

  private static Expr field(Expr of, int ordinal) {
    return Expr.newBuilder()
        .setFieldAccess(FieldAccess.newBuilder().setInput(of).setOrdinal(ordinal))
        .build();
  }

  private static List<Expr> columns(int from, int count) {
    List<Expr> columns = new ArrayList<>();
    IntStream.range(from, from + count).forEach(i -> columns.add(RexEncoder.column(i)));
    return columns;
  }
}
