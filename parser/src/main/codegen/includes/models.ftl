/* Statements about models: dev.kelda.parser.ModelStatement. */

Statement CreateModelRest(boolean replace) :
{
    final boolean ifNotExists;
    final SqlIdentifier name;
    final List<ColumnDefinition> inputs = new ArrayList<ColumnDefinition>();
    final List<ColumnDefinition> outputs = new ArrayList<ColumnDefinition>();
    Map<String, String> properties = Collections.emptyMap();
}
{
    <MODEL> ifNotExists = IfNotExists() name = CompoundIdentifier()
    [ <INPUT> ModelColumns(inputs) ]
    [ <OUTPUT> ModelColumns(outputs) ]
    [ <WITH> properties = Properties() ]
    {
        return new ModelStatement.CreateModel(
            Nodes.name(name), ifNotExists, replace, inputs, outputs, properties);
    }
}

void ModelColumns(List<ColumnDefinition> columns) :
{
}
{
    <LPAREN> AddColumnDefinition(columns) ( <COMMA> AddColumnDefinition(columns) )* <RPAREN>
}

Statement AlterModelRest() :
{
    final SqlIdentifier name;
    final SqlIdentifier alias;
    final int version;
}
{
    <MODEL> name = CompoundIdentifier()
    <SET> <ALIAS> alias = SimpleIdentifier() <EQ> version = UnsignedIntLiteral()
    { return new ModelStatement.SetModelAlias(Nodes.name(name), alias.getSimple(), version); }
}

Statement DropModelRest() :
{
    final boolean ifExists;
    final SqlIdentifier name;
}
{
    <MODEL> ifExists = IfExists() name = CompoundIdentifier()
    { return new ModelStatement.DropModel(Nodes.name(name), ifExists); }
}

Statement DescribeModelRest() :
{
    final SqlIdentifier name;
}
{
    <MODEL> name = CompoundIdentifier()
    { return new ModelStatement.DescribeModel(Nodes.name(name)); }
}

/** MODEL m as an argument of a function in FROM. */
SqlNode ModelArgument() :
{
    final SqlIdentifier name;
}
{
    <MODEL> name = CompoundIdentifier()
    { return new SqlModelName(name.names, name.getParserPosition()); }
}
