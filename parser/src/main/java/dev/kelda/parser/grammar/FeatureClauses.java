package dev.kelda.parser.grammar;

import dev.kelda.parser.FeatureViewStatement.CreateFeatureView;
import dev.kelda.parser.Name;
import dev.kelda.parser.TrainingDatasetStatement.Split;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.TextPosition;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlIntervalLiteral;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.parser.SqlParserUtil;

/** The clauses of CREATE FEATURE VIEW as they come, and those of training datasets. */
final class FeatureClauses {
  private Optional<List<Name>> primaryKey = Optional.empty();
  private Optional<Name> eventTime = Optional.empty();
  private Optional<Name> knownAt = Optional.empty();
  private Optional<Duration> timeToLive = Optional.empty();

  void primaryKey(SqlNodeList columns) {
    List<Name> names = Nodes.names(columns);
    once(primaryKey, "PRIMARY KEY", names.getFirst().position());
    distinct(names);
    primaryKey = Optional.of(names);
  }

  void eventTime(SqlIdentifier column) {
    once(eventTime, "TIMESTAMP", Nodes.position(column));
    eventTime = Optional.of(Nodes.name(column));
  }

  void knownAt(SqlIdentifier column) {
    once(knownAt, "KNOWN AT", Nodes.position(column));
    knownAt = Optional.of(Nodes.name(column));
  }

  void timeToLive(SqlNode interval) {
    once(timeToLive, "TTL", Nodes.position(interval));
    timeToLive = Optional.of(duration(interval));
  }

  CreateFeatureView create(
      Name name,
      boolean ifNotExists,
      boolean orReplace,
      Map<String, String> properties,
      SqlNode query,
      String sql,
      Token first,
      int parameterCount) {
    Name time =
        eventTime.orElseThrow(
            () ->
                error(
                    "a feature view needs TIMESTAMP and the column since when a row holds",
                    name.position()));
    return new CreateFeatureView(
        name,
        ifNotExists,
        orReplace,
        primaryKey.orElse(List.of()),
        time,
        knownAt,
        timeToLive,
        properties,
        query,
        sql,
        position(first),
        parameterCount);
  }

  /**
   * @throws KeldaException for parameters, months and what is not above zero
   */
  static Duration duration(SqlNode interval) {
    if (!(interval instanceof SqlIntervalLiteral literal)) {
      throw error("a TTL is a literal: INTERVAL '30' DAY", Nodes.position(interval));
    }
    SqlIntervalLiteral.IntervalValue value =
        literal.getValueAs(SqlIntervalLiteral.IntervalValue.class);
    if (value.getIntervalQualifier().isYearMonth()) {
      throw error("a TTL is counted in days or less, not in months", Nodes.position(literal));
    }
    long millis = SqlParserUtil.intervalToMillis(value);
    if (millis < 1000 || millis % 1000 != 0) {
      throw error("a TTL is a number of whole seconds above 0", Nodes.position(literal));
    }
    return Duration.ofMillis(millis);
  }

  /**
   * @param seed null when none is written
   */
  static OptionalLong seed(SqlLiteral seed) {
    if (seed == null) {
      return OptionalLong.empty();
    }
    try {
      return OptionalLong.of(seed.bigDecimalValue().longValueExact());
    } catch (ArithmeticException e) {
      throw error("SEED takes a whole number", Nodes.position(seed));
    }
  }

  /**
   * @param kind null when none is written
   */
  static Split split(
      SqlParserPos at, List<Split.Part> parts, SqlIdentifier kind, SqlNodeList columns) {
    TextPosition position = Nodes.position(at);
    BigDecimal sum = parts.stream().map(Split.Part::share).reduce(BigDecimal.ZERO, BigDecimal::add);
    boolean empty = parts.stream().anyMatch(part -> part.share().signum() == 0);
    if (empty || sum.compareTo(BigDecimal.ONE) != 0) {
      throw error("the shares of a SPLIT are above 0 and add up to 1, not " + sum, position);
    }
    Set<String> names = new HashSet<>();
    for (Split.Part part : parts) {
      if (!names.add(part.name())) {
        throw error("SPLIT names \"" + part.name() + "\" twice", position);
      }
    }
    Split.Kind found = kind == null ? Split.Kind.RANDOM : kind(kind);
    List<Name> by = Nodes.names(columns);
    boolean fits =
        switch (found) {
          case HASH -> !by.isEmpty();
          case TIME -> by.size() == 1;
          case RANDOM -> by.isEmpty();
        };
    if (!fits) {
      throw error("SPLIT is BY HASH (column, …), BY TIME (column) or BY RANDOM", position);
    }
    return new Split(parts, found, by, position);
  }

  private static Split.Kind kind(SqlIdentifier kind) {
    return Arrays.stream(Split.Kind.values())
        .filter(k -> k.name().equals(kind.getSimple().toUpperCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(
            () ->
                error(
                    "SPLIT is BY HASH (column, …), BY TIME (column) or BY RANDOM",
                    Nodes.position(kind)));
  }

  static TextPosition position(Token token) {
    return new TextPosition(token.beginLine, token.beginColumn);
  }

  private static void distinct(List<Name> names) {
    Set<String> seen = new HashSet<>();
    for (Name name : names) {
      if (!seen.add(name.last().toLowerCase(Locale.ROOT))) {
        throw error("the column \"" + name.last() + "\" is given twice", name.position());
      }
    }
  }

  private static void once(Optional<?> before, String clause, TextPosition position) {
    if (before.isPresent()) {
      throw error(clause + " is given twice", position);
    }
  }

  private static KeldaException error(String message, TextPosition position) {
    return new KeldaException(ErrorCode.SYNTAX_ERROR, message, position);
  }
}
