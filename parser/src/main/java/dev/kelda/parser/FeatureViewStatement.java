package dev.kelda.parser;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.error.TextPosition;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.apache.calcite.sql.SqlNode;

/** Statements about feature views; the module {@code feature-store} runs them. */
public sealed interface FeatureViewStatement extends Statement.Extension {
  /**
   * {@code CREATE [OR REPLACE] FEATURE VIEW [IF NOT EXISTS] name [PRIMARY KEY (…)] TIMESTAMP column
   * [KNOWN AT column] [TTL interval] [WITH (…)] AS query}.
   *
   * @param primaryKey columns of one part each; empty: the view is about nothing in particular
   * @param timeToLive empty: rows do not age
   * @param sql the query as written
   * @param queryAt where it begins
   */
  record CreateFeatureView(
      Name name,
      boolean ifNotExists,
      boolean orReplace,
      List<Name> primaryKey,
      Name eventTime,
      Optional<Name> knownAt,
      Optional<Duration> timeToLive,
      Map<String, String> properties,
      SqlNode query,
      String sql,
      TextPosition queryAt,
      int parameterCount)
      implements FeatureViewStatement {
    public CreateFeatureView {
      requireNonNull(name, "name is null");
      primaryKey = List.copyOf(primaryKey);
      requireNonNull(eventTime, "eventTime is null");
      requireNonNull(knownAt, "knownAt is null");
      requireNonNull(timeToLive, "timeToLive is null");
      properties = Collections.unmodifiableMap(new LinkedHashMap<>(properties));
      requireNonNull(query, "query is null");
      requireNonNull(sql, "sql is null");
      requireNonNull(queryAt, "queryAt is null");
    }

    @Override
    public CreateFeatureView mapQueries(UnaryOperator<SqlNode> change) {
      return new CreateFeatureView(
          name,
          ifNotExists,
          orReplace,
          primaryKey,
          eventTime,
          knownAt,
          timeToLive,
          properties,
          change.apply(query),
          sql,
          queryAt,
          parameterCount);
    }
  }

  /** {@code ALTER FEATURE VIEW [IF EXISTS] name action}. */
  record AlterFeatureView(Name name, boolean ifExists, Action action)
      implements FeatureViewStatement {
    public AlterFeatureView {
      requireNonNull(name, "name is null");
      requireNonNull(action, "action is null");
    }

    /** What is to be changed. */
    public sealed interface Action {
      /** {@code SET (key = value, …)}. */
      record SetProperties(Map<String, String> properties) implements Action {
        public SetProperties {
          properties = Collections.unmodifiableMap(new LinkedHashMap<>(properties));
        }
      }

      /** {@code UNSET (key, …)}. */
      record UnsetProperties(Set<String> keys) implements Action {
        public UnsetProperties {
          keys = Set.copyOf(keys);
        }
      }

      /** {@code SET TTL interval}, {@code DROP TTL} (empty). */
      record SetTimeToLive(Optional<Duration> timeToLive) implements Action {
        public SetTimeToLive {
          requireNonNull(timeToLive, "timeToLive is null");
        }
      }
    }
  }

  /** {@code DROP FEATURE VIEW [IF EXISTS] name [CASCADE]}; {@code name@3}: that version alone. */
  record DropFeatureView(Name name, boolean ifExists, boolean cascade)
      implements FeatureViewStatement {
    public DropFeatureView {
      requireNonNull(name, "name is null");
    }
  }

  /** {@code SHOW FEATURE VIEWS [FROM schema] [LIKE 'pattern']}. */
  record ShowFeatureViews(Optional<Name> in, Optional<String> like)
      implements FeatureViewStatement {
    public ShowFeatureViews {
      requireNonNull(in, "in is null");
      requireNonNull(like, "like is null");
    }
  }

  /** {@code DESCRIBE FEATURE VIEW name}: its columns and where they come from. */
  record DescribeFeatureView(Name name) implements FeatureViewStatement {
    public DescribeFeatureView {
      requireNonNull(name, "name is null");
    }
  }

  /**
   * {@code REFRESH FEATURE VIEW [name] [FULL] [FROM time] [TO time]}.
   *
   * @param name empty: every view of the schema
   * @param from a constant or a parameter: only rows of this event time and later
   * @param to a constant or a parameter: only rows of earlier event times
   */
  record RefreshFeatureView(
      Optional<Name> name,
      boolean full,
      Optional<SqlNode> from,
      Optional<SqlNode> to,
      int parameterCount)
      implements FeatureViewStatement {
    public RefreshFeatureView {
      requireNonNull(name, "name is null");
      requireNonNull(from, "from is null");
      requireNonNull(to, "to is null");
    }
  }
}
