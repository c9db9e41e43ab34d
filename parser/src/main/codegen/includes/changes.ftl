/* Statements that change rows, and copies from and to files. */

Statement ChangeStatement() :
{
    final Statement statement;
}
{
    (
        statement = UpdateStatement()
    |
        statement = DeleteStatement()
    |
        statement = MergeStatement()
    |
        statement = TruncateStatement()
    |
        statement = AnalyzeStatement()
    |
        statement = CopyStatement()
    )
    { return statement; }
}

Statement UpdateStatement() :
{
    final SqlIdentifier target;
    final Optional<String> alias;
    final List<ChangeClause.Assignment> assignments;
    SqlNode where = null;
}
{
    <UPDATE> target = CompoundIdentifier() alias = OptionalAlias()
    assignments = Assignments()
    [ where = Where() ]
    {
        return Changes.update(target, alias, assignments, where, parameterCount());
    }
}

Statement DeleteStatement() :
{
    final SqlIdentifier target;
    final Optional<String> alias;
    SqlNode where = null;
}
{
    <DELETE> <FROM> target = CompoundIdentifier() alias = OptionalAlias()
    [ where = Where() ]
    { return Changes.delete(target, alias, where, parameterCount()); }
}

Statement MergeStatement() :
{
    final SqlIdentifier target;
    final Optional<String> alias;
    final SqlNode source;
    final SqlNode condition;
    final List<ChangeClause> clauses = new ArrayList<ChangeClause>();
}
{
    <MERGE> <INTO> target = CompoundIdentifier() alias = OptionalAlias()
    <USING> source = TableRef()
    <ON> condition = Expression(ExprContext.ACCEPT_SUB_QUERY)
    ( AddMergeClause(clauses) )+
    {
        return Changes.merge(target, alias, source, condition, clauses, parameterCount());
    }
}

void AddMergeClause(List<ChangeClause> clauses) :
{
    boolean matched = true;
    SqlIdentifier by = null;
    SqlNode condition = null;
    final SqlParserPos at;
    final ChangeClause.Action action;
}
{
    <WHEN> { at = getPos(); } [ <NOT> { matched = false; } ] <MATCHED>
    [ <BY> by = SimpleIdentifier() ]
    [ <AND> condition = Expression(ExprContext.ACCEPT_SUB_QUERY) ]
    <THEN> action = MergeAction()
    { clauses.add(Changes.clause(at, matched, by, condition, action)); }
}

ChangeClause.Action MergeAction() :
{
    final List<ChangeClause.Assignment> assignments;
    SqlNodeList columns = SqlNodeList.EMPTY;
    final List<SqlNode> values = new ArrayList<SqlNode>();
}
{
    <UPDATE> assignments = Assignments() { return new ChangeClause.Update(assignments); }
|
    <DELETE> { return new ChangeClause.Delete(); }
|
    <INSERT> [ columns = ParenthesizedSimpleIdentifierList() ]
    <VALUES> <LPAREN> AddValue(values) ( <COMMA> AddValue(values) )* <RPAREN>
    { return new ChangeClause.Insert(Nodes.names(columns), values); }
}

void AddValue(List<SqlNode> values) :
{
    final SqlNode value;
}
{
    value = AssignedValue() { values.add(value); }
}

SqlNode AssignedValue() :
{
    final SqlNode value;
}
{
    <DEFAULT_> { return SqlStdOperatorTable.DEFAULT.createCall(getPos()); }
|
    value = Expression(ExprContext.ACCEPT_SUB_QUERY) { return value; }
}

List<ChangeClause.Assignment> Assignments() :
{
    final List<ChangeClause.Assignment> assignments = new ArrayList<ChangeClause.Assignment>();
}
{
    <SET> AddAssignment(assignments) ( <COMMA> AddAssignment(assignments) )*
    { return assignments; }
}

void AddAssignment(List<ChangeClause.Assignment> assignments) :
{
    final SqlIdentifier column;
    final SqlNode value;
}
{
    column = CompoundIdentifier() <EQ> value = AssignedValue()
    { assignments.add(new ChangeClause.Assignment(Nodes.name(column), value)); }
}

Optional<String> OptionalAlias() :
{
    final SqlIdentifier alias;
}
{
    [ <AS> ] alias = SimpleIdentifier() { return Optional.of(alias.getSimple()); }
|
    { return Optional.empty(); }
}

Statement TruncateStatement() :
{
    final SqlIdentifier table;
}
{
    <TRUNCATE> [ <TABLE> ] table = CompoundIdentifier()
    { return new Statement.Truncate(Nodes.name(table)); }
}

Statement AnalyzeStatement() :
{
    final SqlIdentifier table;
    SqlNodeList columns = SqlNodeList.EMPTY;
}
{
    <ANALYZE> [ <TABLE> ] table = CompoundIdentifier() [ columns = ParenthesizedSimpleIdentifierList() ]
    { return new Statement.Analyze(Nodes.name(table), Nodes.names(columns)); }
}

/** COPY (query) TO 'file', COPY table [(columns)] TO|FROM 'file'. */
Statement CopyStatement() :
{
    final SqlNode query;
    final SqlIdentifier table;
    SqlNodeList columns = SqlNodeList.EMPTY;
    final String path;
    final SqlParserPos at;
    final Map<String, String> chosen;
}
{
    <COPY>
    (
        <LPAREN> query = TopQuery() <RPAREN>
        <TO> path = SimpleStringLiteral() { at = getPos(); } chosen = CopyOptions()
        { return new Statement.CopyTo(query, path, Nodes.position(at), chosen, parameterCount()); }
    |
        table = CompoundIdentifier() [ columns = ParenthesizedSimpleIdentifierList() ]
        (
            <TO> path = SimpleStringLiteral() { at = getPos(); } chosen = CopyOptions()
            {
                return new Statement.CopyTo(
                    Changes.selection(table, columns), path, Nodes.position(at), chosen, 0);
            }
        |
            <FROM> path = SimpleStringLiteral() { at = getPos(); } chosen = CopyOptions()
            {
                return new Statement.CopyFrom(
                    Nodes.name(table), Nodes.names(columns), path, Nodes.position(at), chosen);
            }
        )
    )
}

Map<String, String> CopyOptions() :
{
    final Map<String, String> chosen = new LinkedHashMap<String, String>();
}
{
    [ <WITH> ] <LPAREN> AddCopyOption(chosen) ( <COMMA> AddCopyOption(chosen) )* <RPAREN>
    { return chosen; }
|
    { return chosen; }
}

void AddCopyOption(Map<String, String> chosen) :
{
    String key;
    final SqlParserPos at;
    String value = "true";
}
{
    ( <NULL> { key = "null"; } | <ESCAPE> { key = "escape"; } | key = Identifier() ) { at = getPos(); }
    [ <EQ> ] [ value = PlainValue() ]
    { Nodes.putOnce(chosen, key.toLowerCase(Locale.ROOT), value, at); }
}
