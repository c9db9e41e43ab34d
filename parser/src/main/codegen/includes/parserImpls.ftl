/* Kelda's own productions: statements, and what a query may hold beyond Calcite's grammar. */

/** The one entry: a statement, an optional semicolon, the end. */
Statement StatementEof() :
{
    final Statement statement;
}
{
    statement = AnyStatement() ( <SEMICOLON> )* <EOF> { return statement; }
}

Statement AnyStatement() :
{
    final Statement statement;
}
{
    (
        LOOKAHEAD(1) statement = ChangeStatement()
    |
        LOOKAHEAD(1) statement = RefreshStatement()
    |
        LOOKAHEAD(1) statement = QueryStatement()
    |
        LOOKAHEAD(1) statement = InsertStatement()
    |
        LOOKAHEAD(1) statement = CreateStatement()
    |
        LOOKAHEAD(1) statement = DropStatement()
    |
        LOOKAHEAD(1) statement = AlterStatement()
    |
        LOOKAHEAD(1) statement = CommentStatement()
    |
        LOOKAHEAD(1) statement = CallStatement()
    |
        LOOKAHEAD(1) statement = ExplainStatement()
    |
        LOOKAHEAD(1) statement = ShowStatement()
    |
        LOOKAHEAD(1) statement = DescribeStatement()
    |
        LOOKAHEAD(1) statement = SetStatement()
    |
        LOOKAHEAD(1) statement = ResetStatement()
    |
        LOOKAHEAD(1) statement = UseStatement()
    |
        LOOKAHEAD(1) statement = CancelStatement()
    |
        LOOKAHEAD(1) statement = AttachStatement()
    |
        LOOKAHEAD(1) statement = DetachStatement()
    )
    { return statement; }
}

Statement RefreshStatement() :
{
    final Statement statement;
}
{
    <REFRESH>
    (
        statement = RefreshFeatureViewRest()
    |
        statement = RefreshIndexRest()
    )
    { return statement; }
}

SqlNode TopQuery() :
{
    final SqlNode query;
}
{
    query = OrderedQueryOrExpr(ExprContext.ACCEPT_QUERY) { return query; }
}

Statement QueryStatement() :
{
    final SqlNode query;
}
{
    query = TopQuery() { return new Statement.Query(query, parameterCount()); }
}

Statement InsertStatement() :
{
    boolean overwrite = false;
    final SqlIdentifier target;
    SqlIdentifier branch = null;
    SqlNodeList columns = SqlNodeList.EMPTY;
    final SqlNode source;
}
{
    <INSERT> ( <INTO> | <OVERWRITE> { overwrite = true; } [ <INTO> | <TABLE> ] )
    target = CompoundIdentifier()
    [ LOOKAHEAD({ Tokens.isForBranch(this) }) <FOR> <IDENTIFIER> branch = SimpleIdentifier() ]
    [ LOOKAHEAD({ Tokens.isColumnList(this) }) columns = ParenthesizedSimpleIdentifierList() ]
    source = TopQuery()
    {
        if (overwrite && branch != null) {
            throw Nodes.notSupported("INSERT OVERWRITE … FOR BRANCH", branch.getParserPosition());
        }
        if (overwrite) {
            return new Statement.InsertOverwrite(
                Nodes.name(target), Nodes.names(columns), source, parameterCount());
        }
        return new Statement.Insert(
            Nodes.name(target),
            branch == null ? Optional.<Name>empty() : Optional.of(Nodes.name(branch)),
            Nodes.names(columns),
            source,
            parameterCount());
    }
}

Statement CreateStatement() :
{
    boolean replace = false;
    final Statement statement;
}
{
    <CREATE> [ <OR> <REPLACE> { replace = true; } ]
    (
        statement = CreateSchemaRest(replace)
    |
        statement = CreateTableRest(replace)
    |
        statement = CreateModelRest(replace)
    |
        statement = CreateFeatureViewRest(replace)
    |
        statement = CreateTrainingDatasetRest(replace)
    |
        statement = CreateIndexRest(replace)
    |
        statement = CreateViewRest(replace)
    )
    { return statement; }
}

Statement CreateSchemaRest(boolean replace) :
{
    final boolean ifNotExists;
    final SqlIdentifier name;
}
{
    <SCHEMA> {
        if (replace) {
            throw Nodes.notSupported("CREATE OR REPLACE SCHEMA", getPos());
        }
    }
    ifNotExists = IfNotExists() name = CompoundIdentifier()
    { return new Statement.CreateSchema(Nodes.name(name), ifNotExists); }
}

Map<String, String> Properties() :
{
    final Map<String, String> properties = new LinkedHashMap<String, String>();
}
{
    <LPAREN> AddProperty(properties) ( <COMMA> AddProperty(properties) )* <RPAREN>
    { return properties; }
}

void AddProperty(Map<String, String> properties) :
{
    final String key;
    final SqlParserPos keyAt;
    final String value;
}
{
    key = PropertyKey() { keyAt = getPos(); } <EQ> value = PlainValue()
    { Nodes.putOnce(properties, key, value, keyAt); }
}

String PropertyKey() :
{
    final String key;
    final SqlIdentifier name;
}
{
    (
        key = SimpleStringLiteral()
    |
        name = CompoundIdentifier() { key = name.toString(); }
    )
    { return key.toLowerCase(Locale.ROOT); }
}

/** A setting's or a property's value, as text. */
String PlainValue() :
{
    String value;
    String sign = "";
    final SqlNumericLiteral number;
    final SqlIdentifier name;
}
{
    (
        value = SimpleStringLiteral()
    |
        [ <MINUS> { sign = "-"; } | <PLUS> ] number = UnsignedNumericLiteral() { value = sign + number.toValue(); }
    |
        ( <TRUE> | <FALSE> | <ON> | <NULL> ) { value = token.image.toLowerCase(Locale.ROOT); }
    |
        name = CompoundIdentifier() { value = name.toString(); }
    )
    { return value; }
}

boolean IfNotExists() :
{
}
{
    <IF> <NOT> <EXISTS> { return true; }
|
    { return false; }
}

boolean IfExists() :
{
}
{
    <IF> <EXISTS> { return true; }
|
    { return false; }
}

Statement DropStatement() :
{
    final boolean ifExists;
    SqlIdentifier name;
    boolean cascade = false;
    final List<Name> names = new ArrayList<Name>();
    final Statement statement;
}
{
    <DROP>
    (
        <SCHEMA> ifExists = IfExists() name = CompoundIdentifier()
        [ <CASCADE> { cascade = true; } | <RESTRICT> ]
        { return new Statement.DropSchema(Nodes.name(name), ifExists, cascade); }
    |
        <TABLE> ifExists = IfExists()
        name = CompoundIdentifier() { names.add(Nodes.name(name)); }
        ( <COMMA> name = CompoundIdentifier() { names.add(Nodes.name(name)); } )*
        { return new Statement.DropTable(names, ifExists); }
    |
        statement = DropModelRest() { return statement; }
    |
        statement = DropFeatureViewRest() { return statement; }
    |
        statement = DropTrainingDatasetRest() { return statement; }
    |
        statement = DropIndexRest() { return statement; }
    |
        <VIEW> ifExists = IfExists()
        name = CompoundIdentifier() { names.add(Nodes.name(name)); }
        ( <COMMA> name = CompoundIdentifier() { names.add(Nodes.name(name)); } )*
        { return new Statement.DropView(names, ifExists); }
    )
}

Statement ExplainStatement() :
{
    final Nodes.ExplainOptions chosen = new Nodes.ExplainOptions();
    final Statement statement;
}
{
    <EXPLAIN>
    [ <ANALYZE> { chosen.analyze = true; } ]
    [
        LOOKAHEAD({ Tokens.isExplainOptions(this) })
        <LPAREN> ExplainOption(chosen) ( <COMMA> ExplainOption(chosen) )* <RPAREN>
    ]
    [ LOOKAHEAD(2) <PLAN> <FOR> ]
    (
        statement = ChangeStatement()
    |
        statement = RefreshStatement()
    |
        statement = QueryStatement()
    |
        statement = InsertStatement()
    |
        statement = CreateStatement()
    |
        statement = DropStatement()
    |
        statement = AlterStatement()
    )
    { return new Statement.Explain(statement, chosen.analyze, chosen.format); }
}

void ExplainOption(Nodes.ExplainOptions chosen) :
{
    final SqlIdentifier name;
    String value = "";
}
{
    name = SimpleIdentifier() [ value = PlainValue() ]
    { chosen.set(name, value); }
}

Statement ShowStatement() :
{
    final SqlIdentifier what;
    SqlIdentifier second = null;
    SqlIdentifier in = null;
    String like = null;
}
{
    <SHOW>
    (
        <ALL> { what = new SqlIdentifier("SETTINGS", getPos()); }
    |
        what = CompoundIdentifier() [ second = SimpleIdentifier() ]
    )
    [ ( <FROM> | <IN> ) in = CompoundIdentifier() ]
    [ <LIKE> like = SimpleStringLiteral() ]
    { return Nodes.show(what, Optional.ofNullable(second), Optional.ofNullable(in), Optional.ofNullable(like)); }
}

Statement DescribeStatement() :
{
    final SqlNode query;
    final SqlIdentifier table;
    final Statement statement;
}
{
    <DESCRIBE>
    (
        statement = DescribeModelRest() { return statement; }
    |
        statement = DescribeFeatureViewRest() { return statement; }
    |
        statement = DescribeTrainingDatasetRest() { return statement; }
    |
        statement = DescribeIndexRest() { return statement; }
    |
        LOOKAHEAD({ Tokens.startsQuery(this) })
        query = TopQuery() { return new Statement.DescribeQuery(query, parameterCount()); }
    |
        <QUOTED_STRING> {
            return new Statement.DescribeQuery(Selects.allOf(
                new SqlPath(SqlParserUtil.parseString(token.image), getPos())), 0);
        }
    |
        [ <TABLE> ] table = CompoundIdentifier() { return new Statement.Describe(Nodes.name(table)); }
    )
}

Statement SetStatement() :
{
    final SqlIdentifier name;
    final String value;
}
{
    <SET> [ LOOKAHEAD({ Tokens.isSessionPrefix(this) }) <SESSION> ]
    name = CompoundIdentifier() ( <EQ> | <TO> )
    (
        <DEFAULT_> {
            return new Statement.ResetOption(Optional.of(name.toString()), Nodes.position(name));
        }
    |
        value = PlainValue() {
            return new Statement.SetOption(name.toString(), value, Nodes.position(name));
        }
    )
}

Statement ResetStatement() :
{
    final SqlIdentifier name;
}
{
    <RESET>
    (
        <ALL> { return new Statement.ResetOption(Optional.empty(), Nodes.position(getPos())); }
    |
        name = CompoundIdentifier() {
            return new Statement.ResetOption(Optional.of(name.toString()), Nodes.position(name));
        }
    )
}

Statement UseStatement() :
{
    final SqlIdentifier name;
}
{
    <USE> name = CompoundIdentifier() { return new Statement.Use(Nodes.name(name)); }
}

Statement CancelStatement() :
{
    final String id;
}
{
    <CANCEL> <QUERY> id = SimpleStringLiteral()
    { return new Statement.CancelQuery(id, Nodes.position(getPos())); }
}

Statement AttachStatement() :
{
    final boolean ifNotExists;
    final String type;
    final SqlParserPos typeAt;
    final SqlIdentifier catalog;
    final Map<String, OptionValue> chosen = new LinkedHashMap<String, OptionValue>();
}
{
    <ATTACH> ifNotExists = IfNotExists()
    type = SimpleStringLiteral() { typeAt = getPos(); }
    <AS> catalog = SimpleIdentifier()
    [
        <WITH> <LPAREN> AddAttachOption(chosen) ( <COMMA> AddAttachOption(chosen) )* <RPAREN>
    ]
    {
        return new Statement.Attach(
            type, Nodes.name(catalog), ifNotExists, chosen, Nodes.position(typeAt));
    }
}

void AddAttachOption(Map<String, OptionValue> chosen) :
{
    final String key;
    final SqlParserPos keyAt;
    final String value;
}
{
    key = PropertyKey() { keyAt = getPos(); } <EQ>
    (
        <SECRET> value = SimpleStringLiteral() {
            Nodes.putOnce(chosen, key, new OptionValue.Secret(value), keyAt);
        }
    |
        value = PlainValue() {
            Nodes.putOnce(chosen, key, new OptionValue.Text(value), keyAt);
        }
    )
}

Statement DetachStatement() :
{
    final boolean ifExists;
    final SqlIdentifier catalog;
}
{
    <DETACH> ifExists = IfExists() catalog = SimpleIdentifier()
    { return new Statement.Detach(Nodes.name(catalog), ifExists); }
}

/** FROM t [SELECT ...] [WHERE ...] ...: without SELECT, all columns. */
SqlNode FromFirst() :
{
    final Span s;
    final SqlNode from;
    final List<SqlLiteral> keywords = new ArrayList<SqlLiteral>();
    final List<SqlNode> selectList = new ArrayList<SqlNode>();
    final SqlLiteral keyword;
    SqlNode where = null;
    SqlNodeList groupBy = null;
    SqlNode having = null;
    SqlNodeList windows = null;
    SqlNode qualify = null;
}
{
    <FROM> { s = span(); }
    from = FromClause()
    [
        <SELECT>
        [ keyword = AllOrDistinct() { keywords.add(keyword); } ]
        AddSelectItem(selectList) ( <COMMA> AddSelectItem(selectList) )*
    ]
    [ where = Where() ]
    [ groupBy = GroupBy() ]
    [ having = Having() ]
    [ windows = Window() ]
    [ qualify = Qualify() ]
    {
        if (selectList.isEmpty()) {
            selectList.add(SqlIdentifier.star(s.pos()));
        }
        return new SqlSelect(s.end(this), new SqlNodeList(keywords, s.pos()),
            new SqlNodeList(selectList, s.pos()), from, where, groupBy, having, windows, qualify,
            null, null, null, SqlNodeList.EMPTY);
    }
}

SqlNode AsofJoin(SqlNode left) :
{
    boolean outer = false;
    final SqlParserPos at;
    final SqlNode right;
    SqlNode match = null;
    SqlNode tolerance = null;
    SqlNode condition = null;
    SqlNodeList using = null;
}
{
    (
        <ASOF>
        [
            <LEFT> { outer = true; } [ <OUTER> ]
        |
            <INNER>
        |
            ( <RIGHT> | <FULL> ) { AsofJoins.refuseSide(this); }
        ]
    |
        <LEFT> { outer = true; } [ <OUTER> ] <ASOF>
    |
        <INNER> <ASOF>
    |
        ( <RIGHT> | <FULL> ) { AsofJoins.refuseSide(this); } [ <OUTER> ] <ASOF>
    )
    <JOIN> { at = getPos(); }
    right = TableRef1(ExprContext.ACCEPT_QUERY_OR_JOIN)
    [
        <MATCH_CONDITION> match = Expression(ExprContext.ACCEPT_SUB_QUERY)
        [ <TOLERANCE> tolerance = Expression(ExprContext.ACCEPT_SUB_QUERY) ]
    ]
    [
        <ON> condition = Expression(ExprContext.ACCEPT_SUB_QUERY)
    |
        <USING> using = ParenthesizedSimpleIdentifierList()
    ]
    { return AsofJoins.create(at, left, outer, right, match, tolerance, condition, using); }
}

SqlNode TableAsOf(SqlNode table) :
{
    final Span s;
    final SqlNode version;
}
{
    LOOKAHEAD(2)
    <FOR> { s = span(); } <SYSTEM_VERSION> <AS> <OF>
    (
        version = UnsignedNumericLiteralOrParam()
    |
        version = StringLiteral()
    )
    { return new SqlTableVersion(s.add(table).end(this), table, version); }
|
    <AS> { s = span(); } <OF> version = Expression(ExprContext.ACCEPT_NON_QUERY)
    { return new SqlSnapshot(s.add(table).end(this), table, version); }
|
    version = Snapshot(table) { return version; }
}

/** Types go by name, so that no type name need be reserved. */
SqlTypeNameSpec NamedType() :
{
    final Span s;
    final String name;
    int precision = RelDataType.PRECISION_NOT_SPECIFIED;
    int scale = RelDataType.SCALE_NOT_SPECIFIED;
    boolean varying = false;
    boolean zoned = false;
}
{
    LOOKAHEAD({ TypeNames.isKnown(getToken(1)) })
    <IDENTIFIER> { s = span(); name = token.image; }
    [
        LOOKAHEAD({ TypeNames.isSecondWord(getToken(0), getToken(1)) })
        <IDENTIFIER> { varying = !name.equalsIgnoreCase("DOUBLE"); }
    ]
    [
        <LPAREN> precision = UnsignedIntLiteral() [ <COMMA> scale = IntLiteral() ] <RPAREN>
    ]
    [
        LOOKAHEAD(2)
        ( <WITH> { zoned = true; } [ <LOCAL> ] | <WITHOUT> ) <TIME> <ZONE>
    ]
    { return TypeNames.spec(name, varying, precision, scale, zoned, s.end(this)); }
|
    UnusedExtension() { return null; }
}

SqlNode ListLiteral() :
{
    final Span s;
    SqlNodeList elements = SqlNodeList.EMPTY;
}
{
    <LBRACKET> { s = span(); }
    [ elements = ExpressionCommaList(s, ExprContext.ACCEPT_SUB_QUERY) ]
    <RBRACKET>
    {
        return SqlStdOperatorTable.ARRAY_VALUE_CONSTRUCTOR.createCall(
            s.end(this), elements.getList());
    }
}

/** x::type is CAST(x AS type). */
void InfixCast(List<Object> list, ExprContext exprContext, Span s) :
{
    final SqlDataTypeSpec type;
    final SqlParserPos at;
}
{
    <INFIX_CAST> { checkNonQueryExpression(exprContext); at = getPos(); }
    type = DataType()
    {
        list.add(new SqlParserUtil.ToTreeListItem(InfixCastOperator.INSTANCE, at));
        list.add(type);
    }
}

/** {'a': 1, b: 2}: a row whose fields have names. */
SqlNode StructLiteral() :
{
    final Span s;
    final List<String> names = new ArrayList<String>();
    final List<SqlNode> values = new ArrayList<SqlNode>();
}
{
    <LBRACE> { s = span(); }
    AddField(names, values) ( <COMMA> AddField(names, values) )*
    <RBRACE>
    { return new SqlStruct(names).createCall(s.end(this), values); }
}

void AddField(List<String> names, List<SqlNode> values) :
{
    final String name;
    final SqlIdentifier id;
    final SqlNode value;
}
{
    (
        name = SimpleStringLiteral()
    |
        id = SimpleIdentifier() { name = id.getSimple(); }
    )
    <COLON> { Nodes.requireNew(name, names, getPos()); }
    value = Expression(ExprContext.ACCEPT_SUB_QUERY)
    { names.add(name); values.add(value); }
}

/** Operators that are other words for functions. */
void InfixOperator(List<Object> list, ExprContext exprContext, Span s) :
{
    final SqlOperator operator;
}
{
    (
        <MATCHING> { operator = Operators.matching(token.image); }
    |
        <LAMBDA> { operator = Operators.JSON; }
    |
        <JSON_TEXT> { operator = Operators.JSON_TEXT; }
    |
        <VERTICAL_BAR> { operator = Operators.BIT_OR; }
    |
        <CARET> { operator = Operators.POWER; }
    |
        <LEFTSHIFT> { operator = Operators.SHIFT_LEFT; }
    |
        <AMPERSAND> { operator = Operators.BIT_AND; }
    |
        LOOKAHEAD({ Tokens.isShiftRight(this) })
        <GT> <GT> { operator = Operators.SHIFT_RIGHT; }
    )
    {
        checkNonQueryExpression(exprContext);
        list.add(new SqlParserUtil.ToTreeListItem(operator, getPos()));
    }
    AddExpression2b(list, ExprContext.ACCEPT_SUB_QUERY)
}

void AtTimeZone(List<Object> list, ExprContext exprContext, Span s) :
{
}
{
    <AT> <TIME> <ZONE> {
        checkNonQueryExpression(exprContext);
        list.add(new SqlParserUtil.ToTreeListItem(Operators.AT_TIME_ZONE, getPos()));
    }
    AddExpression2b(list, ExprContext.ACCEPT_SUB_QUERY)
}

/** list[from:to], list[:to], list[from:] */
void Slice(List<Object> list, ExprContext exprContext, Span s) :
{
    SqlNode from = null;
    SqlNode to = null;
    final SqlParserPos at;
}
{
    LOOKAHEAD({ Tokens.isSlice(this) })
    <LBRACKET> { at = getPos(); }
    [ LOOKAHEAD({ getToken(1).kind != COLON }) from = Expression(ExprContext.ACCEPT_SUB_QUERY) ]
    <COLON>
    [ LOOKAHEAD({ getToken(1).kind != RBRACKET }) to = Expression(ExprContext.ACCEPT_SUB_QUERY) ]
    <RBRACKET>
    {
        list.add(new SqlParserUtil.ToTreeListItem(Operators.slice(), at));
        list.add(Operators.bounds(from, to, at));
    }
}

void AddEntry(List<SqlNode> entries) :
{
    SqlNode e;
}
{
    e = Expression(ExprContext.ACCEPT_SUB_QUERY) { entries.add(e); }
    <COLON>
    e = Expression(ExprContext.ACCEPT_SUB_QUERY) { entries.add(e); }
}
