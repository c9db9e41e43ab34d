package dev.kelda.parser.grammar;

import dev.kelda.parser.Alteration;
import dev.kelda.parser.ColumnDefinition;
import dev.kelda.parser.FeatureViewStatement.AlterFeatureView;
import dev.kelda.parser.Name;
import dev.kelda.parser.OrderTerm;
import dev.kelda.parser.Statement;
import dev.kelda.parser.TrainingDatasetStatement.AlterTrainingDataset;
import dev.kelda.spi.connector.ColumnTransform;
import dev.kelda.spi.connector.TableChange;
import dev.kelda.spi.connector.TableChange.Reference;
import dev.kelda.spi.connector.TableChange.SetReference.IfExists;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.TextPosition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlNode;

/**
 * The actions of ALTER TABLE, read by hand: their words are keywords nowhere else, and each may
 * also be the name of a column.
 */
final class Alterations {
  private final KeldaParserImpl parser;

  private Alterations(KeldaParserImpl parser) {
    this.parser = parser;
  }

  /** What follows ALTER TABLE. */
  static Statement table(KeldaParserImpl parser) throws ParseException {
    return new Alterations(parser).table();
  }

  /** What follows ALTER VIEW. */
  static Statement view(KeldaParserImpl parser) throws ParseException {
    return new Alterations(parser).view();
  }

  /** What follows ALTER FEATURE VIEW. */
  static Statement featureView(KeldaParserImpl parser) throws ParseException {
    return new Alterations(parser).featureView();
  }

  /** What follows ALTER TRAINING DATASET. */
  static Statement trainingDataset(KeldaParserImpl parser) throws ParseException {
    return new Alterations(parser).trainingDataset();
  }

  private Statement featureView() throws ParseException {
    boolean ifExists = takeIf("IF", "EXISTS");
    return new AlterFeatureView(name(), ifExists, featureAction());
  }

  private AlterFeatureView.Action featureAction() throws ParseException {
    if (takeIf("SET", "TTL")) {
      return new AlterFeatureView.Action.SetTimeToLive(
          Optional.of(FeatureClauses.duration(parser.IntervalLiteralOrExpression())));
    }
    if (takeIf("DROP", "TTL")) {
      return new AlterFeatureView.Action.SetTimeToLive(Optional.empty());
    }
    if (takeIf("SET")) {
      takeIf("PROPERTIES");
      return new AlterFeatureView.Action.SetProperties(parser.Properties());
    }
    if (takeIf("UNSET")) {
      takeIf("PROPERTIES");
      return new AlterFeatureView.Action.UnsetProperties(propertyNames());
    }
    throw unexpected("SET (…), UNSET (…), SET TTL or DROP TTL");
  }

  private Statement trainingDataset() throws ParseException {
    boolean ifExists = takeIf("IF", "EXISTS");
    Name dataset = name();
    if (takeIf("DELETE", "DATA")) {
      return new AlterTrainingDataset(dataset, ifExists, AlterTrainingDataset.Action.DELETE_DATA);
    }
    if (takeIf("REPRODUCE")) {
      return new AlterTrainingDataset(dataset, ifExists, AlterTrainingDataset.Action.REPRODUCE);
    }
    throw unexpected("DELETE DATA or REPRODUCE");
  }

  private Statement view() throws ParseException {
    boolean ifExists = takeIf("IF", "EXISTS");
    Name view = name();
    take("RENAME");
    take("TO");
    return new Statement.RenameTable(view, name(), ifExists, true);
  }

  private Statement table() throws ParseException {
    boolean ifExists = takeIf("IF", "EXISTS");
    Name table = name();
    if (takeIf("RENAME", "TO")) {
      return new Statement.RenameTable(table, name(), ifExists, false);
    }
    List<Alteration> changes = new ArrayList<>();
    do {
      changes.addAll(action());
    } while (takeIf(","));
    return new Statement.AlterTable(table, changes, ifExists);
  }

  private List<Alteration> action() throws ParseException {
    if (takeIf("ADD")) {
      return takeIf("PARTITION", "FIELD") ? List.of(addPartitionField()) : addColumns();
    }
    if (takeIf("DROP")) {
      return List.of(new Alteration.Ready(drop()));
    }
    if (takeIf("RENAME")) {
      takeIf("COLUMN");
      Name column = name();
      take("TO");
      return ready(
          new TableChange.RenameColumn(column.parts(), parser.SimpleIdentifier().getSimple()));
    }
    if (takeIf("ALTER")) {
      takeIf("COLUMN");
      return List.of(alterColumn());
    }
    if (takeIf("REPLACE", "PARTITION", "FIELD")) {
      ColumnTransform old = parser.ColumnTerm().term();
      take("WITH");
      return List.of(
          new Alteration.Ready(new TableChange.DropPartitionField(old)), addPartitionField());
    }
    if (isWord(1, "CREATE") || isWord(1, "REPLACE")) {
      return ready(setReference());
    }
    if (takeIf("SET", "SORTED", "BY")) {
      List<OrderTerm> order = new ArrayList<>();
      parser.AddOrderTerms(order);
      return ready(new TableChange.SetSortOrder(order.stream().map(OrderTerm::sortKey).toList()));
    }
    if (takeIf("SET")) {
      if (!takeIf("PROPERTIES")) {
        takeIf("TBLPROPERTIES");
      }
      return ready(new TableChange.SetProperties(parser.Properties()));
    }
    if (takeIf("UNSET")) {
      if (!takeIf("PROPERTIES")) {
        takeIf("TBLPROPERTIES");
      }
      return ready(new TableChange.UnsetProperties(propertyNames()));
    }
    throw unexpected(
        "ADD, DROP, RENAME, ALTER COLUMN, SET, UNSET, REPLACE PARTITION FIELD, or CREATE, REPLACE"
            + " or DROP with TAG or BRANCH");
  }

  private static List<Alteration> ready(TableChange change) {
    return List.of(new Alteration.Ready(change));
  }

  private Alteration addPartitionField() throws ParseException {
    ColumnTransform term = parser.ColumnTerm().term();
    Optional<String> name =
        takeIf("AS") ? Optional.of(parser.SimpleIdentifier().getSimple()) : Optional.empty();
    return new Alteration.Ready(new TableChange.AddPartitionField(term, name));
  }

  private List<Alteration> addColumns() throws ParseException {
    boolean many = takeIf("COLUMNS");
    if (!many) {
      takeIf("COLUMN");
    }
    boolean ifNotExists = takeIf("IF", "NOT", "EXISTS");
    boolean listed = many && takeIf("(");
    List<Alteration> columns = new ArrayList<>();
    do {
      columns.add(addColumn(ifNotExists));
    } while (listed && takeIf(","));
    if (listed) {
      take(")");
    }
    return columns;
  }

  private Alteration addColumn(boolean ifNotExists) throws ParseException {
    SqlIdentifier name = parser.CompoundIdentifier();
    ColumnDefinition column = parser.ColumnRest(name);
    List<String> parent = name.names.subList(0, name.names.size() - 1);
    return new Alteration.AddColumn(parent, column, place(), ifNotExists);
  }

  private Optional<TableChange.Place> place() throws ParseException {
    if (takeIf("FIRST")) {
      return Optional.of(new TableChange.Place.First());
    }
    if (takeIf("AFTER")) {
      return Optional.of(new TableChange.Place.After(parser.SimpleIdentifier().getSimple()));
    }
    if (takeIf("BEFORE")) {
      return Optional.of(new TableChange.Place.Before(parser.SimpleIdentifier().getSimple()));
    }
    return Optional.empty();
  }

  private TableChange drop() throws ParseException {
    if (takeIf("PARTITION", "FIELD")) {
      return new TableChange.DropPartitionField(parser.ColumnTerm().term());
    }
    Optional<Reference> reference = reference();
    if (reference.isPresent()) {
      boolean ifExists = takeIf("IF", "EXISTS");
      return new TableChange.DropReference(reference.get(), referenceName(), ifExists);
    }
    takeIf("COLUMN");
    boolean ifExists = takeIf("IF", "EXISTS");
    return new TableChange.DropColumn(name().parts(), ifExists);
  }

  private Alteration alterColumn() throws ParseException {
    Name column = name();
    List<String> path = column.parts();
    if (takeIf("SET", "DATA", "TYPE") || takeIf("TYPE")) {
      return new Alteration.SetType(column, parser.DataType());
    }
    if (takeIf("SET", "NOT", "NULL")) {
      return new Alteration.Ready(new TableChange.SetNullable(path, false));
    }
    if (takeIf("DROP", "NOT", "NULL")) {
      return new Alteration.Ready(new TableChange.SetNullable(path, true));
    }
    if (takeIf("SET", "DEFAULT")) {
      SqlNode value = parser.PlainExpression();
      return new Alteration.SetDefault(column, value);
    }
    if (takeIf("DROP", "DEFAULT")) {
      return new Alteration.Ready(new TableChange.SetDefault(path, Optional.empty()));
    }
    if (takeIf("COMMENT")) {
      return new Alteration.Ready(
          new TableChange.SetColumnComment(path, Optional.of(parser.SimpleStringLiteral())));
    }
    Optional<TableChange.Place> place = place();
    if (place.isPresent()) {
      return new Alteration.Ready(new TableChange.MoveColumn(path, place.get()));
    }
    throw unexpected(
        "SET DATA TYPE, SET or DROP with NOT NULL or DEFAULT, COMMENT, FIRST, AFTER or BEFORE");
  }

  private TableChange setReference() throws ParseException {
    boolean create = takeIf("CREATE");
    boolean replace = create ? takeIf("OR", "REPLACE") : takeIf("REPLACE");
    Reference kind = reference().orElseThrow(() -> unexpected("TAG or BRANCH"));
    boolean ifNotExists = takeIf("IF", "NOT", "EXISTS");
    String name = referenceName();
    OptionalLong snapshot = OptionalLong.empty();
    if (takeIf("AS", "OF", "VERSION")) {
      snapshot = OptionalLong.of(version());
    }
    Optional<Duration> age = takeIf("RETAIN") ? Optional.of(duration()) : Optional.empty();
    OptionalInt snapshots = OptionalInt.empty();
    Optional<Duration> snapshotAge = Optional.empty();
    if (kind == Reference.BRANCH && takeIf("WITH", "SNAPSHOT", "RETENTION")) {
      if (isWord(2, "SNAPSHOTS")) {
        snapshots = OptionalInt.of(parser.UnsignedIntLiteral());
        take("SNAPSHOTS");
      }
      if (snapshots.isEmpty()
          || parser.getToken(1).kind == KeldaParserImplConstants.UNSIGNED_INTEGER_LITERAL) {
        snapshotAge = Optional.of(duration());
      }
    }
    IfExists ifExists =
        !create
            ? IfExists.MUST_EXIST
            : replace ? IfExists.REPLACE : ifNotExists ? IfExists.KEEP : IfExists.FAIL;
    return new TableChange.SetReference(
        kind, name, snapshot, ifExists, new TableChange.Retention(age, snapshots, snapshotAge));
  }

  private long version() {
    if (parser.getToken(1).kind != KeldaParserImplConstants.UNSIGNED_INTEGER_LITERAL) {
      throw unexpected("the id of a snapshot");
    }
    try {
      return Long.parseLong(parser.getToken(1).image);
    } catch (NumberFormatException e) {
      throw unexpected("the id of a snapshot");
    } finally {
      parser.getNextToken();
    }
  }

  private Duration duration() throws ParseException {
    int count = parser.UnsignedIntLiteral();
    if (takeIf("DAYS") || takeIf("DAY")) {
      return Duration.ofDays(count);
    }
    if (takeIf("HOURS") || takeIf("HOUR")) {
      return Duration.ofHours(count);
    }
    if (takeIf("MINUTES") || takeIf("MINUTE")) {
      return Duration.ofMinutes(count);
    }
    throw unexpected("DAYS, HOURS or MINUTES");
  }

  private Optional<Reference> reference() {
    // DROP tag: a column of that name, unless another name follows.
    boolean named =
        parser.getToken(2).kind != KeldaParserImplConstants.EOF
            && !isWord(2, ",")
            && !isWord(2, ";")
            && !isWord(2, ".");
    if (named && takeIf("TAG")) {
      return Optional.of(Reference.TAG);
    }
    return named && takeIf("BRANCH") ? Optional.of(Reference.BRANCH) : Optional.empty();
  }

  private String referenceName() throws ParseException {
    return parser.getToken(1).kind == KeldaParserImplConstants.QUOTED_STRING
        ? parser.SimpleStringLiteral()
        : parser.SimpleIdentifier().getSimple();
  }

  private Set<String> propertyNames() throws ParseException {
    Set<String> names = new LinkedHashSet<>();
    take("(");
    do {
      names.add(parser.PropertyKey());
    } while (takeIf(","));
    take(")");
    return names;
  }

  private Name name() throws ParseException {
    return Nodes.name(parser.CompoundIdentifier());
  }

  private boolean isWord(int ahead, String word) {
    return parser.getToken(ahead).image.equalsIgnoreCase(word);
  }

  /** Takes the words when all of them follow. */
  private boolean takeIf(String... words) {
    for (int i = 0; i < words.length; i++) {
      if (!isWord(i + 1, words[i])) {
        return false;
      }
    }
    for (int i = 0; i < words.length; i++) {
      parser.getNextToken();
    }
    return true;
  }

  private void take(String word) {
    if (!takeIf(word)) {
      throw unexpected(word);
    }
  }

  private KeldaException unexpected(String expected) {
    Token token = parser.getToken(1);
    boolean end = token.kind == KeldaParserImplConstants.EOF;
    return new KeldaException(
        ErrorCode.SYNTAX_ERROR,
        (end ? "the statement ends too early" : "unexpected '" + token.image + "'")
            + "; expected "
            + expected,
        end ? endOfText() : new TextPosition(token.beginLine, token.beginColumn));
  }

  private TextPosition endOfText() {
    return new TextPosition(parser.token.endLine, parser.token.endColumn + 1);
  }
}
