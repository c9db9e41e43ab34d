/* Statements about feature views and training datasets: FeatureViewStatement, TrainingDatasetStatement. */

Statement CreateFeatureViewRest(boolean replace) :
{
    final boolean ifNotExists;
    final SqlIdentifier name;
    final FeatureClauses clauses = new FeatureClauses();
    Map<String, String> properties = Collections.emptyMap();
    final Token first;
    final SqlNode query;
}
{
    <FEATURE> <VIEW> ifNotExists = IfNotExists() name = CompoundIdentifier()
    ( FeatureClause(clauses) )*
    [ <WITH> properties = Properties() ]
    <AS> { first = getToken(1); } query = TopQuery()
    {
        return clauses.create(Nodes.name(name), ifNotExists, replace, properties, query,
            ((TokenSource) token_source).textFrom(first), first, parameterCount());
    }
}

void FeatureClause(FeatureClauses clauses) :
{
    final SqlNodeList key;
    final SqlIdentifier column;
    final SqlNode interval;
}
{
    <PRIMARY> <KEY> key = ParenthesizedSimpleIdentifierList() { clauses.primaryKey(key); }
|
    <TIMESTAMP> column = SimpleIdentifier() { clauses.eventTime(column); }
|
    <KNOWN> <AT> column = SimpleIdentifier() { clauses.knownAt(column); }
|
    <TTL> interval = IntervalLiteralOrExpression() { clauses.timeToLive(interval); }
}

Statement DropFeatureViewRest() :
{
    final boolean ifExists;
    final SqlIdentifier name;
    boolean cascade = false;
}
{
    <FEATURE> <VIEW> ifExists = IfExists() name = CompoundIdentifier()
    [ <CASCADE> { cascade = true; } | <RESTRICT> ]
    { return new FeatureViewStatement.DropFeatureView(Nodes.name(name), ifExists, cascade); }
}

Statement DescribeFeatureViewRest() :
{
    final SqlIdentifier name;
}
{
    <FEATURE> <VIEW> name = CompoundIdentifier()
    { return new FeatureViewStatement.DescribeFeatureView(Nodes.name(name)); }
}

Statement RefreshFeatureViewRest() :
{
    SqlIdentifier name = null;
    boolean full = false;
    SqlNode from = null;
    SqlNode to = null;
}
{
    <FEATURE>
    (
        <VIEWS>
    |
        <VIEW> [ LOOKAHEAD(1) name = CompoundIdentifier() ]
    )
    [ <FULL> { full = true; } ]
    [ <FROM> from = PlainExpression() ]
    [ <TO> to = PlainExpression() ]
    {
        return new FeatureViewStatement.RefreshFeatureView(
            Nodes.optional(name), full, Optional.ofNullable(from), Optional.ofNullable(to),
            parameterCount());
    }
}

Statement CreateTrainingDatasetRest(boolean replace) :
{
    final boolean ifNotExists;
    final SqlIdentifier name;
    SqlNodeList labels = SqlNodeList.EMPTY;
    TrainingDatasetStatement.Split split = null;
    SqlLiteral seed = null;
    Map<String, String> properties = Collections.emptyMap();
    final Token first;
    final SqlNode query;
}
{
    <TRAINING> <DATASET> ifNotExists = IfNotExists() name = CompoundIdentifier()
    [ <LABEL> labels = ParenthesizedSimpleIdentifierList() ]
    [ <SPLIT> split = TrainingSplit() ]
    [ <SEED> seed = UnsignedNumericLiteral() ]
    [ <WITH> properties = Properties() ]
    <AS> { first = getToken(1); } query = TopQuery()
    {
        return new TrainingDatasetStatement.CreateTrainingDataset(
            Nodes.name(name), ifNotExists, replace, Nodes.names(labels),
            Optional.ofNullable(split), FeatureClauses.seed(seed), properties, query,
            ((TokenSource) token_source).textFrom(first), FeatureClauses.position(first),
            parameterCount());
    }
}

TrainingDatasetStatement.Split TrainingSplit() :
{
    final SqlParserPos at;
    final List<TrainingDatasetStatement.Split.Part> parts = new ArrayList<TrainingDatasetStatement.Split.Part>();
    SqlIdentifier kind = null;
    SqlNodeList columns = SqlNodeList.EMPTY;
}
{
    <LPAREN> { at = getPos(); } AddSplitPart(parts) ( <COMMA> AddSplitPart(parts) )* <RPAREN>
    [
        <BY> kind = SimpleIdentifier()
        [ columns = ParenthesizedSimpleIdentifierList() ]
    ]
    { return FeatureClauses.split(at, parts, kind, columns); }
}

void AddSplitPart(List<TrainingDatasetStatement.Split.Part> parts) :
{
    final SqlIdentifier name;
    final SqlLiteral share;
}
{
    name = SimpleIdentifier() share = UnsignedNumericLiteral()
    {
        parts.add(new TrainingDatasetStatement.Split.Part(
            name.getSimple(), share.bigDecimalValue()));
    }
}

Statement DropTrainingDatasetRest() :
{
    final boolean ifExists;
    final SqlIdentifier name;
}
{
    <TRAINING> <DATASET> ifExists = IfExists() name = CompoundIdentifier()
    { return new TrainingDatasetStatement.DropTrainingDataset(Nodes.name(name), ifExists); }
}

Statement DescribeTrainingDatasetRest() :
{
    final SqlIdentifier name;
}
{
    <TRAINING> <DATASET> name = CompoundIdentifier()
    { return new TrainingDatasetStatement.DescribeTrainingDataset(Nodes.name(name)); }
}
