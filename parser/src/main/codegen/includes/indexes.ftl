/* Statements about indexes: dev.kelda.parser.IndexStatement. */

IndexStatement.Kind IndexKind() :
{
}
{
    <VECTOR> { return IndexStatement.Kind.VECTOR; }
|
    <TEXT> { return IndexStatement.Kind.TEXT; }
}

Statement CreateIndexRest(boolean replace) :
{
    final IndexStatement.Kind kind;
    final boolean ifNotExists;
    final SqlIdentifier name;
    final SqlIdentifier table;
    final List<String> columns = new ArrayList<String>();
    Optional<String> model = Optional.empty();
    Map<String, String> properties = Collections.emptyMap();
}
{
    kind = IndexKind() <INDEX> ifNotExists = IfNotExists() name = CompoundIdentifier()
    <ON> table = CompoundIdentifier()
    <LPAREN> model = IndexedColumn(columns) ( <COMMA> AddIndexedColumn(columns) )* <RPAREN>
    [ <WITH> properties = Properties() ]
    {
        return new IndexStatement.CreateIndex(
            kind, Nodes.name(name), ifNotExists, replace, Nodes.name(table), columns, model, properties);
    }
}

/** A column, or EMBED(column, 'model'): gives the model. */
Optional<String> IndexedColumn(List<String> columns) :
{
    final SqlIdentifier name;
    final String model;
}
{
    name = CompoundIdentifier()
    [
        <LPAREN> AddIndexedColumn(columns) <COMMA> model = SimpleStringLiteral() <RPAREN>
        {
            Nodes.requireEmbed(name);
            return Optional.of(model);
        }
    ]
    {
        columns.add(Nodes.simple(name));
        return Optional.empty();
    }
}

void AddIndexedColumn(List<String> columns) :
{
    final SqlIdentifier name;
}
{
    name = SimpleIdentifier() { columns.add(name.getSimple()); }
}

Statement DropIndexRest() :
{
    final boolean ifExists;
    final SqlIdentifier name;
}
{
    [ IndexKind() ] <INDEX> ifExists = IfExists() name = CompoundIdentifier()
    { return new IndexStatement.DropIndex(Nodes.name(name), ifExists); }
}

Statement DescribeIndexRest() :
{
    final SqlIdentifier name;
}
{
    <INDEX> name = CompoundIdentifier()
    { return new IndexStatement.DescribeIndex(Nodes.name(name)); }
}

Statement RefreshIndexRest() :
{
    final SqlIdentifier name;
}
{
    <INDEX> name = CompoundIdentifier()
    { return new IndexStatement.RefreshIndex(Nodes.name(name)); }
}
