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
    final ColumnDefinition column;
}
{
    name = SimpleIdentifier() column = ColumnRest(name) { columns.add(column); }
}

/** What follows a column's name. */
ColumnDefinition ColumnRest(SqlIdentifier name) :
{
    final SqlDataTypeSpec type;
    boolean nullable = true;
    SqlNode value = null;
    String comment = null;
}
{
    type = DataType()
    (
        <NOT> <NULL> { nullable = false; }
    |
        <NULL>
    |
        <DEFAULT_> value = PlainExpression()
    |
        <COMMENT> comment = SimpleStringLiteral()
    )*
    {
        return new ColumnDefinition(Util.last(name.names), type.withNullable(nullable), nullable,
            Optional.ofNullable(value), Optional.ofNullable(comment), Nodes.position(name));
    }
}

SqlNode PlainExpression() :
{
    final SqlNode expression;
}
{
    expression = Expression(ExprContext.ACCEPT_NON_QUERY) { return expression; }
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

Statement AlterStatement() :
{
    final Statement statement;
}
{
    <ALTER>
    (
        <TABLE> { statement = Alterations.table(this); }
    |
        <VIEW> { statement = Alterations.view(this); }
    |
        <FEATURE> <VIEW> { statement = Alterations.featureView(this); }
    |
        <TRAINING> <DATASET> { statement = Alterations.trainingDataset(this); }
    |
        statement = AlterModelRest()
    )
    { return statement; }
}

Statement CreateViewRest(boolean replace) :
{
    final boolean ifNotExists;
    final SqlIdentifier name;
    final List<ViewColumn> columns = new ArrayList<ViewColumn>();
    String comment = null;
    final Token first;
    final SqlNode query;
}
{
    <VIEW> ifNotExists = IfNotExists() name = CompoundIdentifier()
    [
        <LPAREN> AddViewColumn(columns) ( <COMMA> AddViewColumn(columns) )* <RPAREN>
    ]
    [ <COMMENT> comment = SimpleStringLiteral() ]
    <AS> { first = getToken(1); } query = TopQuery()
    {
        return new Statement.CreateView(Nodes.name(name), columns, query,
            ((TokenSource) token_source).textFrom(first), Optional.ofNullable(comment),
            ifNotExists, replace);
    }
}

void AddViewColumn(List<ViewColumn> columns) :
{
    final SqlIdentifier name;
    String comment = null;
}
{
    name = SimpleIdentifier() [ <COMMENT> comment = SimpleStringLiteral() ]
    {
        columns.add(
            new ViewColumn(name.getSimple(), Optional.ofNullable(comment), Nodes.position(name)));
    }
}

/** COMMENT ON TABLE | VIEW | COLUMN name IS 'text' | NULL. */
Statement CommentStatement() :
{
    final SqlIdentifier kind;
    final SqlIdentifier name;
    String comment = null;
}
{
    <COMMENT> <ON>
    (
        <TABLE> { kind = new SqlIdentifier("TABLE", getPos()); }
    |
        kind = SimpleIdentifier()
    )
    name = CompoundIdentifier()
    <IS> ( comment = SimpleStringLiteral() | <NULL> )
    { return Nodes.comment(kind, name, Optional.ofNullable(comment)); }
}

Statement CallStatement() :
{
    final SqlIdentifier procedure;
    final List<Statement.Call.Argument> arguments = new ArrayList<Statement.Call.Argument>();
}
{
    <CALL> procedure = CompoundIdentifier()
    <LPAREN>
    [ AddCallArgument(arguments) ( <COMMA> AddCallArgument(arguments) )* ]
    <RPAREN>
    { return new Statement.Call(Nodes.name(procedure), arguments); }
}

void AddCallArgument(List<Statement.Call.Argument> arguments) :
{
    SqlIdentifier name = null;
    final SqlNode value;
}
{
    [ LOOKAHEAD(2) name = SimpleIdentifier() <NAMED_ARGUMENT_ASSIGNMENT> ]
    value = PlainExpression()
    { arguments.add(Nodes.argument(name, value, arguments)); }
}
