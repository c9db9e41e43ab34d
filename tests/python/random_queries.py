"""Random SELECTs over the TPC-H tables and a table of many types that mean the same in Kelda and DuckDB.

`random_query(seed)` is deterministic. Every query has one right answer: LIMIT only with an order over all columns, row
numbers only over unique keys, no sums of doubles whose order would show beyond nine digits.
"""

import random

COLUMNS = {
    "lineitem": {
        "int": ["l_orderkey", "l_partkey", "l_suppkey", "l_linenumber"],
        "dec": ["l_quantity", "l_extendedprice", "l_discount", "l_tax"],
        "str": ["l_returnflag", "l_linestatus", "l_shipmode", "l_shipinstruct"],
        "date": ["l_shipdate", "l_commitdate", "l_receiptdate"],
    },
    "orders": {
        "int": ["o_orderkey", "o_custkey", "o_shippriority"],
        "dec": ["o_totalprice"],
        "str": ["o_orderstatus", "o_orderpriority"],
        "date": ["o_orderdate"],
    },
    "customer": {
        "int": ["c_custkey", "c_nationkey"],
        "dec": ["c_acctbal"],
        "str": ["c_mktsegment", "c_name", "c_phone"],
        "date": [],
    },
    "supplier": {
        "int": ["s_suppkey", "s_nationkey"], "dec": ["s_acctbal"], "str": ["s_name", "s_phone"], "date": [],
    },
    "part": {
        "int": ["p_partkey", "p_size"],
        "dec": ["p_retailprice"],
        "str": ["p_brand", "p_type", "p_container", "p_name"],
        "date": [],
    },
    "partsupp": {"int": ["ps_partkey", "ps_suppkey", "ps_availqty"], "dec": ["ps_supplycost"], "str": [], "date": []},
    "nation": {"int": ["n_nationkey", "n_regionkey"], "dec": [], "str": ["n_name"], "date": []},
    "region": {"int": ["r_regionkey"], "dec": [], "str": ["r_name"], "date": []},
    "mixed": {
        "int": ["m_key", "m_nation", "m_int", "m_big"], "dec": ["m_dec"], "str": ["m_str"], "date": ["m_date"],
        "ts": ["m_ts"], "dbl": ["m_dbl"], "bool": ["m_bool"],
    },
}
KINDS = ["int", "dec", "str", "date"]
TYPES = dict(int="BIGINT", dec="DECIMAL(15, 2)", str="VARCHAR", date="DATE", ts="TIMESTAMP", dbl="DOUBLE", bool="BOOLEAN")
MIXED = (
    "CREATE TABLE mixed (m_key BIGINT, m_nation BIGINT, m_int INTEGER, m_big BIGINT, m_dec DECIMAL(9, 3), m_str VARCHAR, m_date DATE, "
    "m_ts TIMESTAMP, m_dbl DOUBLE, m_bool BOOLEAN)"
)
KEYS = {
    "lineitem": ["l_orderkey", "l_linenumber"], "orders": ["o_orderkey"], "customer": ["c_custkey"],
    "supplier": ["s_suppkey"], "part": ["p_partkey"], "partsupp": ["ps_partkey", "ps_suppkey"],
    "nation": ["n_nationkey"], "region": ["r_regionkey"], "mixed": ["m_key"],
}
EDGES = [
    ("lineitem", "orders", ["l_orderkey = o_orderkey"]),
    ("lineitem", "part", ["l_partkey = p_partkey"]),
    ("lineitem", "supplier", ["l_suppkey = s_suppkey"]),
    ("lineitem", "partsupp", ["l_partkey = ps_partkey", "l_suppkey = ps_suppkey"]),
    ("orders", "customer", ["o_custkey = c_custkey"]),
    ("customer", "nation", ["c_nationkey = n_nationkey"]),
    ("supplier", "nation", ["s_nationkey = n_nationkey"]),
    ("partsupp", "part", ["ps_partkey = p_partkey"]),
    ("partsupp", "supplier", ["ps_suppkey = s_suppkey"]),
    ("nation", "region", ["n_regionkey = r_regionkey"]),
    ("mixed", "nation", ["m_nation = n_nationkey"]),
    ("mixed", "region", ["m_int = r_regionkey"]),
]
# Values that many rows have: a table filtered on one has a constant column, which outer joins fill up with NULLs.
COMMON = {
    "lineitem": ["l_returnflag = 'R'", "l_linestatus = 'F'", "l_linenumber = 1"],
    "orders": ["o_orderstatus = 'F'", "o_orderpriority = '1-URGENT'", "o_shippriority = 0"],
    "customer": ["c_mktsegment = 'BUILDING'", "c_nationkey = 7"],
    "supplier": ["s_nationkey = 7"],
    "part": ["p_brand = 'Brand#23'", "p_size = 5"],
    "partsupp": ["ps_suppkey = 7"],
    "nation": ["n_regionkey = 2", "n_name = 'FRANCE'"],
    "region": ["r_name = 'ASIA'"],
    "mixed": ["m_bool = TRUE", "m_int = 3", "m_str = ''"],
}
OVER_GROUPS = [
    "RANK() OVER (ORDER BY a0 DESC NULLS LAST)", "COUNT(*) OVER (PARTITION BY a0)", "MAX(a0) OVER ()",
    "ROW_NUMBER() OVER (ORDER BY g0 NULLS FIRST)", "LAG(a0) OVER (ORDER BY g0 DESC NULLS LAST)",
]
STRINGS = ["A", "F", "R", "MAIL", "RAIL", "1-URGENT", "BUILDING", "Brand#23", "ASIA", "FRANCE", "SM CASE", "x", ""]


def mixed_rows():
    """The rows of the table `mixed` as SQL: every column but the key has NULLs, sums of its doubles are exact."""
    r = random.Random(0)
    def some(value):
        return "NULL" if r.random() < 0.15 else value
    rows = []
    for key in range(300):
        day = f"{r.choice([1969, 1995, 2024])}-{r.randint(1, 12):02d}-{r.randint(1, 28):02d}"
        time = f"{r.randint(0, 23):02d}:{r.randint(0, 59):02d}:{r.randint(0, 59):02d}.{r.choice(['000000', '123456', '999999'])}"
        text = r.choice(["", "a", "A", "ab", "Ä", "日本", " x ", "%", "1-URGENT", "zz"])
        values = [
            r.randint(0, 30), r.randint(-5, 9), r.choice([0, 1, -1, 2**40, -(2**40)]), f"{r.randint(-(10**6), 10**6) / 1000:.3f}", f"'{text}'",
            f"DATE '{day}'", f"TIMESTAMP '{day} {time}'", f"CAST({r.randint(-4000, 4000) / 4} AS DOUBLE)", r.choice(["TRUE", "FALSE"]),
        ]
        rows.append(f"({key}, {', '.join(some(str(value)) for value in values)})")
    return ", ".join(rows)


class Generator:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def kind(self, kinds=KINDS, of_mixed=("ts", "dbl", "bool")):
        """One of the kinds, or of those that only `mixed` has if it is there."""
        return self.r.choice([*kinds, *(of_mixed if "mixed" in self.names else [])])

    def chance(self, share):
        return self.r.random() < share

    def within(self, name, part):
        """What `part` gives over the columns of that table alone."""
        outer, self.names = self.names, [name]
        made = part()
        self.names = outer
        return made

    def neighbour(self, names):
        """A table beside those, how its rows belong to theirs, and that as (their columns, its columns); None if there is none."""
        edges = [e for e in EDGES if (e[0] in names) != (e[1] in names)]
        if not edges:
            return None
        left, right, conditions = self.r.choice(edges)
        columns = list(zip(*(condition.split(" = ") for condition in conditions)))
        belong = " AND ".join(conditions)
        return (right, belong, columns) if left in names else (left, belong, columns[::-1])

    # ------------------------------------------------------------ tables

    def tables(self):
        """Joined tables: (FROM clause, their names)."""
        first = self.r.choice(list(COLUMNS))
        self.constants, self.names = [], [first]
        names, clause = [first], self.table(first)
        for _ in range(self.r.choice([0, 0, 1, 1, 2, 3])):
            found = self.neighbour(names)
            if not found:
                break
            new, condition, _ = found
            kind = self.r.choice(["JOIN", "JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"])
            self.names = [new]
            if kind != "FULL JOIN" and self.chance(0.3):
                condition += f" AND {self.comparison()}"
            clause += f" {kind} {self.table(new)} ON {condition}"
            names.append(new)
        return clause, names

    def table(self, name):
        if self.chance(0.8):
            return name
        filtered = self.r.choice(COMMON[name])
        self.constants.append(filtered.split()[0])
        query = f"SELECT * FROM {name} WHERE {filtered}"
        if self.chance(0.2):
            query += f" UNION ALL SELECT * FROM {name} WHERE {self.within(name, lambda: self.condition(1))}"
        return f"({query}) AS {name}"

    def column(self, kind):
        choices = [c for name in self.names for c in COLUMNS[name].get(kind, [])]
        return self.r.choice(choices) if choices else None

    # ------------------------------------------------------------ expressions

    def expression(self, kind, depth=2):
        column = self.column(kind)
        if depth == 0 or self.chance(0.35):
            return column if column and self.chance(0.85) else self.literal(kind)
        return getattr(self, f"{kind}_expression")(depth - 1)

    def literal(self, kind):
        if self.chance(0.05):
            return f"CAST(NULL AS {TYPES[kind]})"
        match kind:
            case "int":
                return str(self.r.randint(-5, 40))
            case "dec":
                return f"{self.r.randint(-100, 90000) / 100:.2f}"
            case "str":
                return f"'{self.r.choice(STRINGS)}'"
            case "dbl":
                return f"CAST({self.r.randint(-40, 40) / 4} AS DOUBLE)"
            case "bool":
                return self.r.choice(["TRUE", "FALSE"])
            case "ts":
                return f"TIMESTAMP '199{self.r.randint(2, 8)}-{self.r.randint(1, 12):02d}-{self.r.randint(1, 28):02d} {self.r.randint(0, 23):02d}:30:00'"
            case "date":
                return f"DATE '199{self.r.randint(2, 8)}-{self.r.randint(1, 12):02d}-{self.r.randint(1, 28):02d}'"

    def int_expression(self, depth):
        a, b = self.expression("int", depth), self.expression("int", depth)
        options = [
            f"({a} + {b})", f"({a} - {b})", f"ABS({a})", f"COALESCE({a}, {b})", f"NULLIF({a}, {b})",
            f"CASE WHEN {self.condition(depth)} THEN {a} ELSE {b} END", f"({a} % {self.r.randint(2, 9)})",
            f"CAST(LENGTH({self.expression('str', depth)}) AS BIGINT)", f"GREATEST({a}, {b})",
            f"EXTRACT({self.r.choice(['YEAR', 'MONTH', 'DAY'])} FROM {self.expression('date', depth)})",
            f"EXTRACT({self.r.choice(['HOUR', 'MINUTE', 'DOY', 'QUARTER'])} FROM {self.expression('ts', depth)})",
            f"POSITION({self.literal('str')} IN {self.expression('str', depth)})", f"SIGN({a})", f"(CAST({b} AS BIGINT) * {self.r.randint(-3, 3)})",
        ]
        return self.r.choice(options)

    def dec_expression(self, depth):
        a, b = self.expression("dec", depth), self.expression("dec", depth)
        small = f"CAST({self.r.randint(1, 9)} AS DECIMAL(3, 1))"
        options = [
            f"({a} + {b})", f"({a} - {b})", f"ABS({a})", f"COALESCE({a}, {b})", f"NULLIF({a}, {b})",
            f"(CAST({a} AS DECIMAL(15, 2)) * {small})", f"-({a})", f"LEAST({a}, {b})",
            f"CASE WHEN {self.condition(depth)} THEN {a} END",
        ]
        return self.r.choice(options)

    def str_expression(self, depth):
        a, b = self.expression("str", depth), self.expression("str", depth)
        options = [
            f"LOWER({a})", f"UPPER({a})", f"SUBSTRING({a}, {self.r.randint(1, 4)}, {self.r.randint(0, 5)})",
            f"({a} || {b})", f"COALESCE({a}, {b})", f"TRIM({a})", f"REPLACE({a}, 'A', 'bb')", f"NULLIF({a}, {b})",
            f"CASE WHEN {self.condition(depth)} THEN {a} ELSE {b} END", f"CAST({self.expression('int', depth)} AS VARCHAR)",
            f"LPAD({a}, 6, '*')", f"REVERSE({a})", f"CAST({self.expression('date', depth)} AS VARCHAR)", f"CAST({self.expression('bool', depth)} AS VARCHAR)",
            f"LEFT({a}, {self.r.randint(0, 4)})", f"SPLIT_PART({a}, '-', 1)", f"STRPOS({a}, 'A')::VARCHAR", f"CAST({self.expression('dec', 0)} AS VARCHAR)",
        ]
        return self.r.choice(options)

    def date_expression(self, depth):
        a, b = self.expression("date", depth), self.expression("date", depth)
        unit = self.r.choice(["DAY", "MONTH", "YEAR"])
        options = [
            f"CAST({a} + INTERVAL '{self.r.randint(1, 40)}' {unit} AS DATE)", f"COALESCE({a}, {b})",
            f"CAST({a} - INTERVAL '{self.r.randint(1, 40)}' {unit} AS DATE)",
            f"CASE WHEN {self.condition(depth)} THEN {a} ELSE {b} END", f"CAST({self.expression('ts', depth)} AS DATE)",
        ]
        return self.r.choice(options)

    def ts_expression(self, depth):
        a, b = self.expression("ts", depth), self.expression("ts", depth)
        number = self.r.randint(1, 50)
        options = [
            f"({a} + INTERVAL '{number}' {self.r.choice(['SECOND', 'HOUR', 'DAY', 'MONTH'])})",
            f"({a} - INTERVAL '{number}' {self.r.choice(['MINUTE', 'DAY', 'YEAR'])})", f"COALESCE({a}, {b})",
            f"DATE_TRUNC('{self.r.choice(['hour', 'day', 'month', 'year'])}', {a})", f"CAST({self.expression('date', depth)} AS TIMESTAMP)",
            f"GREATEST({a}, {b})", f"CASE WHEN {self.condition(depth)} THEN {a} ELSE {b} END",
        ]
        return self.r.choice(options)

    def dbl_expression(self, depth):
        a, b = self.expression("dbl", depth), self.expression("dbl", depth)
        options = [
            f"({a} + {b})", f"({a} - {b})", f"ABS({a})", f"FLOOR({a})", f"CEIL({a})", f"-({a})", f"LEAST({a}, {b})", f"NULLIF({a}, {b})",
            f"CAST({self.expression('int', depth)} AS DOUBLE)", f"CASE WHEN {self.condition(depth)} THEN {a} END", f"COALESCE({a}, {b})",
        ]
        return self.r.choice(options)

    def bool_expression(self, depth):
        a, b = self.expression("bool", depth), self.expression("bool", depth)
        options = [
            f"({a} AND {b})", f"({a} OR {b})", f"(NOT {a})", f"({self.condition(depth)})", f"COALESCE({a}, {b})",
            f"({a} IS {self.r.choice(['', 'NOT '])}{self.r.choice(['TRUE', 'FALSE'])})",
        ]
        return self.r.choice(options)

    def comparison(self, depth=1):
        kind = self.kind()
        operator = self.r.choice(["=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"])
        return f"{self.expression(kind, depth)} {operator} {self.expression(kind, depth)}"

    def condition(self, depth=2):
        if depth > 1 and self.chance(0.4):
            a, b = self.condition(depth - 1), self.condition(depth - 1)
            return self.r.choice([f"({a} AND {b})", f"({a} OR {b})", f"(NOT {a})"])
        below = max(depth - 1, 0)
        text, number = self.expression("str", below), self.expression("int", below)
        options = [
            lambda: self.comparison(below), lambda: self.comparison(below),
            lambda: f"{number} BETWEEN {self.literal('int')} AND {self.literal('int')}",
            lambda: f"{number} {self.r.choice(['IN', 'NOT IN'])} (1, 5, 7, 24)",
            lambda: f"{text} {self.r.choice(['LIKE', 'NOT LIKE', 'ILIKE'])} '{self.r.choice(['%A%', 'B%', '_E%', '%1'])}'",
            lambda: f"{self.expression(self.kind(), below)} IS {self.r.choice(['', 'NOT '])}NULL",
        ]
        return self.r.choice(options)()

    def subquery_condition(self):
        found = self.neighbour(self.names)
        if not found:
            return self.condition()
        other, belong, (here, there) = found
        filtered = self.within(other, lambda: self.condition(1))
        if len(here) == 1 and self.chance(0.4):
            return f"{here[0]} {self.r.choice(['IN', 'IN', 'NOT IN'])} (SELECT {there[0]} FROM {other} WHERE {filtered})"
        if self.chance(0.25):
            return f"({', '.join(here)}) {self.r.choice(['IN', 'NOT IN'])} (SELECT {', '.join(there)} FROM {other} WHERE {filtered})"
        if self.chance(0.25):
            operator = self.r.choice(["= ANY", "<> ALL", "> ALL", "<= ANY", ">= ALL", "< ANY"])
            return f"{here[0]} {operator} (SELECT {there[0]} FROM {other} WHERE {filtered})"
        negated = self.r.choice(["", "NOT "])
        return f"{negated}EXISTS (SELECT 1 FROM {other} WHERE {belong} AND {filtered})"

    def scalar_subquery(self):
        """A number of the rows of another table that belong to this one's."""
        found = self.neighbour(self.names)
        if not found:
            return "(SELECT MAX(n_nationkey) FROM nation)"
        other, belong, _ = found
        call, filtered = self.within(other, lambda: (self.aggregate_call(), self.condition(1)))
        return f"(SELECT {call} FROM {other} WHERE {belong} AND {filtered})"

    def where(self):
        parts = [self.condition() for _ in range(self.r.choice([0, 1, 1, 2]))]
        if self.chance(0.25):
            parts.append(self.subquery_condition())
        return " WHERE " + " AND ".join(parts) if parts else ""

    # ------------------------------------------------------------ queries

    def plain(self):
        clause, self.names = self.tables()
        kinds = [self.kind() for _ in range(self.r.randint(1, 5))]
        items = ", ".join(f"{self.expression(kind)} AS x{n}" for n, kind in enumerate(kinds))
        if self.chance(0.15):
            items += f", {self.scalar_subquery()} AS x{len(kinds)}"
            kinds.append("int")
        distinct = "DISTINCT " if self.chance(0.2) else ""
        order = ", ".join(f"{n + 1}{self.r.choice(['', ' DESC'])} NULLS {self.r.choice(['FIRST', 'LAST'])}" for n in range(len(kinds)))
        return f"SELECT {distinct}{items} FROM {clause}{self.where()} ORDER BY {order} LIMIT {self.r.choice([1, 10, 100, 1000])}"

    def aggregate_call(self):
        number = self.expression(self.kind(["int", "dec"], ["dbl"]), 1)
        anything = self.expression(self.kind(), 1)
        call = self.r.choice([
            "COUNT(*)", f"COUNT({anything})", f"COUNT(DISTINCT {anything})", f"SUM({number})", f"AVG({number})",
            f"MIN({anything})", f"MAX({anything})", f"SUM(DISTINCT {self.expression('int', 1)})",
            f"BOOL_AND({self.condition(1)})", f"BOOL_OR({self.condition(1)})",
        ])
        return f"{call} FILTER (WHERE {self.condition(1)})" if self.chance(0.15) else call

    def aggregate(self):
        clause, self.names = self.tables()
        groups = [self.expression(self.kind(["int", "str", "date"], ["ts", "bool"]), 1) for _ in range(self.r.choice([0, 1, 1, 2]))]
        groups = [self.r.choice(self.constants) if self.constants and self.chance(0.4) else g for g in groups]
        groups = [f"COALESCE({g}, {g})" if not any(c.isalpha() for c in g) else g for g in groups]
        items = [f"{g} AS g{n}" for n, g in enumerate(groups)]
        items += [f"{self.aggregate_call()} AS a{n}" for n in range(self.r.randint(1, 3))]
        query = f"SELECT {', '.join(items)} FROM {clause}{self.where()}"
        if groups:
            ordinals = [str(n + 1) for n in range(len(groups))]
            form = self.r.choice(["{}", "{}", "ROLLUP ({})", "CUBE ({})"]) if len(groups) == 2 else "{}"
            query += " GROUP BY " + form.format(", ".join(ordinals if form == "{}" else groups))
            if self.chance(0.3):
                query += f" HAVING COUNT(*) > {self.r.randint(1, 20)}"
        return query

    def window(self):
        clause, self.names = self.tables()
        keys = [key for name in self.names for key in KEYS[name]]
        partition = self.column("str") or self.column("int")
        order = ", ".join(f"{key} NULLS LAST" for key in keys)
        value = self.expression(self.kind(["int", "dec"], []), 1)
        peers = self.column(self.r.choice(["int", "date"])) or keys[0]
        if self.constants and self.chance(0.6):
            partition = peers = self.r.choice(self.constants)
        frame = self.r.choice(["", " ROWS BETWEEN 2 PRECEDING AND CURRENT ROW", " ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
                               " ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING"])
        call = self.r.choice([
            f"ROW_NUMBER() OVER (PARTITION BY {partition} ORDER BY {order})",
            f"RANK() OVER (PARTITION BY {partition} ORDER BY {peers} NULLS LAST)",
            f"DENSE_RANK() OVER (ORDER BY {peers} DESC NULLS FIRST)",
            f"SUM({value}) OVER (PARTITION BY {partition} ORDER BY {order}{frame})",
            f"COUNT({value}) OVER (PARTITION BY {partition})",
            f"MIN({value}) OVER (PARTITION BY {partition} ORDER BY {order}{frame})",
            f"LAG({value}) OVER (PARTITION BY {partition} ORDER BY {order})",
            f"LEAD({value}, 2) OVER (ORDER BY {order})",
            f"FIRST_VALUE({value}) OVER (PARTITION BY {partition} ORDER BY {order}{frame})",
            f"LAST_VALUE({value} IGNORE NULLS) OVER (PARTITION BY {partition} ORDER BY {order} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)",
            f"NTILE(3) OVER (ORDER BY {order})",
            f"COUNT(*) FILTER (WHERE {self.condition(1)}) OVER (PARTITION BY {partition} ORDER BY {peers} NULLS FIRST)",
            f"SUM({value}) OVER (ORDER BY {self.column('int')} RANGE BETWEEN 3 PRECEDING AND 1 FOLLOWING)",
        ])
        if self.chance(0.2):
            numbered = f"ROW_NUMBER() OVER (PARTITION BY {partition} ORDER BY {order})"
            return f"SELECT {', '.join(keys)} FROM {clause}{self.where()} QUALIFY {numbered} <= {self.r.randint(1, 3)}"
        if self.chance(0.1):
            rest = ", ".join(key for key in keys if key != partition)
            return f"SELECT DISTINCT ON ({partition}) {partition}, {rest or 1} FROM {clause}{self.where()} ORDER BY {partition} NULLS LAST, {order}"
        inner = f"SELECT {', '.join(keys)}, {call} AS w FROM {clause}{self.where()}"
        return f"SELECT * FROM ({inner}) AS t ORDER BY {', '.join(f'{k} NULLS LAST' for k in [*keys, 'w'])} LIMIT 500"

    def set_operation(self):
        def side():
            _, self.names = self.tables()
            self.names = self.names[:1]
            items = ", ".join(self.expression(kind, 1) for kind in ("int", "str"))
            return f"SELECT {items} FROM {self.names[0]} WHERE {self.condition(1)}"
        kinds = ["UNION", "UNION ALL", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL"]
        both = f"{side()} {self.r.choice(kinds)} {side()}"
        return f"({both}) {self.r.choice(kinds)} {side()}" if self.chance(0.3) else both

    def grouped(self):
        """An aggregate with the columns g0, a0 and perhaps more a's, a row per g0."""
        query = self.aggregate()
        while " GROUP BY 1" not in query or " g1" in query:
            query = self.aggregate()
        return query

    def common_table(self):
        kind = self.r.choice(["JOIN", "LEFT JOIN", "FULL JOIN"])
        more = self.r.choice(["", " AND a.a0 IS NOT DISTINCT FROM b.a0"]) if kind != "FULL JOIN" else ""
        return f"WITH g AS ({self.grouped()}) SELECT a.g0, b.g0 AS h0, a.a0, b.a0 AS b0 FROM g AS a {kind} g AS b ON a.g0 = b.g0{more}"

    def lateral(self):
        first = self.r.choice(list(COLUMNS))
        self.constants, self.names = [], [first]
        clause, keys = self.table(first), KEYS[first]
        other, belong, _ = self.neighbour([first])
        call, filtered = self.within(other, lambda: (self.aggregate_call(), self.condition(1)))
        inner = f"SELECT {call} AS m, COUNT(*) AS c FROM {other} WHERE {belong} AND {filtered}"
        join = self.r.choice([f", LATERAL ({inner}) AS l", f" LEFT JOIN LATERAL ({inner}) AS l ON TRUE"])
        order = ", ".join(keys)
        return f"SELECT {order}, l.m, l.c FROM {clause}{join} WHERE {self.condition(1)} ORDER BY {order} LIMIT 300"

    def nested(self):
        inner = self.grouped()
        if self.chance(0.5):
            return f"SELECT g0, a0, {self.r.choice(OVER_GROUPS)} AS w FROM ({inner}) AS t"
        return (f"SELECT g0, a0, (SELECT COUNT(*) FROM nation WHERE n_nationkey < 10) AS n FROM ({inner}) AS t "
                f"WHERE g0 IS NOT NULL OR a0 IS NULL")

    def query(self):
        shapes = [self.plain] * 4 + [self.aggregate] * 4 + [self.window] * 2 + [self.set_operation, self.nested, self.common_table, self.lateral]
        return self.r.choice(shapes)()


def random_query(seed):
    return Generator(seed).query()
