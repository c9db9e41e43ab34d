package dev.kelda.planner;

import static dev.kelda.spi.connector.CanonicalTypes.DATE32;
import static dev.kelda.spi.connector.CanonicalTypes.INT32;
import static dev.kelda.spi.connector.CanonicalTypes.INT64;
import static dev.kelda.spi.connector.CanonicalTypes.TIMESTAMP;
import static dev.kelda.spi.connector.CanonicalTypes.UTF8;
import static dev.kelda.spi.connector.CanonicalTypes.decimal;

import dev.kelda.parser.SqlText;
import dev.kelda.parser.Statement;
import dev.kelda.planner.MemoryConnector.MemoryTable;
import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.planner.catalog.Catalogs;
import dev.kelda.spi.connector.CanonicalTypes;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/** The TPC-H tables at scale 1, as their files' statistics describe them, and a few others. */
final class Tpch {
  static final SessionContext SESSION = new SessionContext("test", "lake", "main");
  private static final ArrowType MONEY = decimal(15, 2);
  private static final long FIRST = LocalDate.of(1992, 1, 1).toEpochDay();
  private static final long LAST = LocalDate.of(1998, 12, 1).toEpochDay();

  private Tpch() {}

  static Catalogs catalogs() {
    MemoryConnector lake = new MemoryConnector();
    lake.add(
        "main",
        "region",
        new MemoryTable("1", 5)
            .column("r_regionkey", INT64, 0, 4)
            .column("r_name", UTF8)
            .column("r_comment", UTF8));
    lake.add(
        "main",
        "nation",
        new MemoryTable("1", 25)
            .column("n_nationkey", INT64, 0, 24)
            .column("n_name", UTF8)
            .column("n_regionkey", INT64, 0, 4)
            .column("n_comment", UTF8));
    lake.add(
        "main",
        "supplier",
        new MemoryTable("1", 10_000)
            .column("s_suppkey", INT64, 1, 10_000)
            .column("s_name", UTF8)
            .column("s_address", UTF8)
            .column("s_nationkey", INT64, 0, 24)
            .column("s_phone", UTF8)
            .column("s_acctbal", MONEY)
            .column("s_comment", UTF8));
    lake.add(
        "main",
        "customer",
        new MemoryTable("1", 150_000)
            .column("c_custkey", INT64, 1, 150_000)
            .column("c_name", UTF8)
            .column("c_address", UTF8)
            .column("c_nationkey", INT64, 0, 24)
            .column("c_phone", UTF8)
            .column("c_acctbal", MONEY)
            .column("c_mktsegment", UTF8)
            .column("c_comment", UTF8));
    lake.add(
        "main",
        "part",
        new MemoryTable("1", 200_000)
            .column("p_partkey", INT64, 1, 200_000)
            .column("p_name", UTF8)
            .column("p_mfgr", UTF8)
            .column("p_brand", UTF8)
            .column("p_type", UTF8)
            .column("p_size", INT32, 1, 50)
            .column("p_container", UTF8)
            .column("p_retailprice", MONEY)
            .column("p_comment", UTF8));
    lake.add(
        "main",
        "partsupp",
        new MemoryTable("1", 800_000)
            .column("ps_partkey", INT64, 1, 200_000)
            .column("ps_suppkey", INT64, 1, 10_000)
            .column("ps_availqty", INT32, 1, 9999)
            .column("ps_supplycost", MONEY)
            .column("ps_comment", UTF8));
    lake.add(
        "main",
        "orders",
        new MemoryTable("1", 1_500_000)
            .column("o_orderkey", INT64, 1, 6_000_000)
            .column("o_custkey", INT64, 1, 149_999)
            .column("o_orderstatus", UTF8)
            .column("o_totalprice", MONEY)
            .column("o_orderdate", DATE32, FIRST, LAST)
            .column("o_orderpriority", UTF8)
            .column("o_clerk", UTF8)
            .column("o_shippriority", INT32, 0, 0)
            .column("o_comment", UTF8));
    lake.add(
        "main",
        "lineitem",
        new MemoryTable("1", 6_001_215)
            .column("l_orderkey", INT64, 1, 6_000_000)
            .column("l_partkey", INT64, 1, 200_000)
            .column("l_suppkey", INT64, 1, 10_000)
            .column("l_linenumber", INT32, 1, 7)
            .column("l_quantity", MONEY)
            .column("l_extendedprice", MONEY)
            .column("l_discount", MONEY)
            .column("l_tax", MONEY)
            .column("l_returnflag", UTF8)
            .column("l_linestatus", UTF8)
            .column("l_shipdate", DATE32, FIRST, LAST)
            .column("l_commitdate", DATE32, FIRST, LAST)
            .column("l_receiptdate", DATE32, FIRST, LAST)
            .column("l_shipinstruct", UTF8)
            .column("l_shipmode", UTF8)
            .column("l_comment", UTF8));
    lake.add(
        "main",
        "labels",
        new MemoryTable("1", 1000)
            .column("id", INT64)
            .column("origin", UTF8)
            .column("departed_at", TIMESTAMP)
            .column("late", CanonicalTypes.BOOL));
    lake.add(
        "main",
        "weather",
        new MemoryTable("1", 1000)
            .column("origin", UTF8)
            .column("observed_at", TIMESTAMP)
            .column("temp", CanonicalTypes.FLOAT64)
            .column("wind", CanonicalTypes.FLOAT64));
    lake.add(
        "main",
        "kinds",
        new MemoryTable("1", 100)
            .column("b", CanonicalTypes.BOOL)
            .column("i8", CanonicalTypes.INT8)
            .column("i16", CanonicalTypes.INT16)
            .column("i32", INT32)
            .column("i64", INT64)
            .column("f32", CanonicalTypes.FLOAT32)
            .column("f64", CanonicalTypes.FLOAT64)
            .column("dec", decimal(10, 2))
            .column("s", UTF8)
            .column("bin", CanonicalTypes.BINARY)
            .column("d", DATE32)
            .column("t", CanonicalTypes.TIME64)
            .column("ts", TIMESTAMP)
            .column("tz", CanonicalTypes.TIMESTAMP_TZ)
            .column("tsn", CanonicalTypes.TIMESTAMP_NANOS)
            .column(
                new Field(
                    "list",
                    FieldType.nullable(ArrowType.List.INSTANCE),
                    List.of(Field.nullable("item", INT64))))
            .column(
                new Field(
                    "vec",
                    FieldType.nullable(new ArrowType.FixedSizeList(3)),
                    List.of(Field.nullable("item", CanonicalTypes.FLOAT32))))
            .column(
                new Field(
                    "st",
                    FieldType.nullable(ArrowType.Struct.INSTANCE),
                    List.of(Field.nullable("a", INT64), Field.nullable("b", UTF8)))));
    Catalogs catalogs = new Catalogs();
    catalogs.register("lake", lake);
    return catalogs;
  }

  static QueryPlan plan(String sql) {
    return plan(sql, Set.of());
  }

  static QueryPlan plan(String sql, Set<String> disabledPhases) {
    Statement.Query query = (Statement.Query) SqlText.parse(sql);
    return new Planner(new Planner.Options(disabledPhases, Optional.empty()))
        .plan(query.query(), CatalogSnapshot.of(catalogs(), SESSION), SESSION);
  }

  static String text(String sql) {
    return plan(sql).calcitePlanText();
  }
}
