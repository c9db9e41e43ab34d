/* What tables are made of: columns, partitioning, order. */

Statement CreateTableRest(boolean replace) :
{
    final boolean ifNotExists;
    final SqlIdentifier name;
    final List<ColumnDefinition> columns = new ArrayList<ColumnDefinition>();
    final List<Transform> partitioning = new ArrayList<Transform>();
    final List<OrderTerm> order = new ArrayList<OrderTerm>();
    Map<String, String> properties = Collections.emptyMap();
    SqlNode query = null;
    SqlParserPos columnsAt = null;
}
{
    <TABLE> ifNotExists = IfNotExists() name = CompoundIdentifier()
    [
        <LPAREN> { columnsAt = getPos(); }
        AddColumnDefinition(columns) ( <COMMA> AddColumnDefinition(columns) )*
        <RPAREN>
    ]
    [ <PARTITIONED> <BY> AddTransforms(partitioning) ]
    [ <SORTED> <BY> AddOrderTerms(order) ]
    [ <WITH> properties = Properties() ]
    [ <AS> query = TopQuery() ]
    {
        if (query == null) {
            Nodes.requireColumns(columns, name);
            return new Statement.CreateTable(
                Nodes.name(name), columns, new TableLayout(partitioning, order), ifNotExists, replace, properties);
        }
        if (columnsAt != null) {
            throw Nodes.notSupported("a column list together with AS SELECT", columnsAt);
        }
        return new Statement.CreateTableAs(
            Nodes.name(name), query, new TableLayout(partitioning, order), ifNotExists, replace, properties,
            parameterCount());
    }
}

void AddColumnDefinition(List<ColumnDefinition> columns) :
{
    final SqlIdentifier name;
    final SqlDataTypeSpec type;
    boolean nullable = true;
    SqlNode value = null;
    String comment = null;
}
{
    name = SimpleIdentifier() type = DataType()
    (
        <NOT> <NULL> { nullable = false; }
    |
        <NULL>
    |
        <DEFAULT_> value = Expression(ExprContext.ACCEPT_NON_QUERY)
    |
        <COMMENT> comment = SimpleStringLiteral()
    )*
    {
        columns.add(new ColumnDefinition(name.getSimple(), type.withNullable(nullable), nullable,
            Optional.ofNullable(value), Optional.ofNullable(comment), Nodes.position(name)));
    }
}

void AddTransforms(List<Transform> terms) :
{
    Transform term;
}
{
    <LPAREN> term = ColumnTerm() { terms.add(term); }
    ( <COMMA> term = ColumnTerm() { terms.add(term); } )*
    <RPAREN>
}

/** column, day(column), bucket(16, column) or bucket(column, 16). */
Transform ColumnTerm() :
{
    final SqlIdentifier name;
    SqlIdentifier column = null;
    int number = 0;
}
{
    name = CompoundIdentifier()
    (
        <LPAREN>
        (
            number = UnsignedIntLiteral() <COMMA> column = CompoundIdentifier()
        |
            column = CompoundIdentifier() [ <COMMA> number = UnsignedIntLiteral() ]
        )
        <RPAREN>
        { return Nodes.transform(name, column, number); }
    |
        { return Nodes.identity(name); }
    )
}

void AddOrderTerms(List<OrderTerm> order) :
{
    OrderTerm term;
}
{
    <LPAREN> term = NextOrderTerm() { order.add(term); }
    ( <COMMA> term = NextOrderTerm() { order.add(term); } )*
    <RPAREN>
}

/** Without NULLS, they come first in an ascending order, as in Iceberg. */
OrderTerm NextOrderTerm() :
{
    final Transform term;
    boolean ascending = true;
    Boolean nullsFirst = null;
}
{
    term = ColumnTerm()
    [ <ASC> | <DESC> { ascending = false; } ]
    [ <NULLS> ( <FIRST> { nullsFirst = true; } | <LAST> { nullsFirst = false; } ) ]
    { return new OrderTerm(term, ascending, nullsFirst == null ? ascending : nullsFirst); }
}
