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
    [ <WITH> properties = Properties() | <OPTIONS> properties = ModelOptions() ]
    {
        return new ModelStatement.CreateModel(
            Nodes.name(name), ifNotExists, replace, inputs, outputs, properties);
    }
}

/** BigQuery's way to say WITH. */
Map<String, String> ModelOptions() :
{
    final Map<String, String> given;
}
{
    given = Properties()
    { return Nodes.modelOptions(given, getPos()); }
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
    final SqlIdentifier what;
    final String key;
    String value = null;
}
{
    <MODEL> name = CompoundIdentifier()
    (
        <SET> what = SimpleIdentifier() key = PropertyKey() <EQ> value = PlainValue()
    |
        <DROP> what = SimpleIdentifier() key = PropertyKey()
    )
    { return Nodes.alterModel(name, what, key, value); }
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
