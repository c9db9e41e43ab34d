package dev.kelda.parser;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.error.TextPosition;
import java.math.BigDecimal;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import org.apache.calcite.sql.SqlNode;

/** Statements about training datasets; the module {@code feature-store} runs them. */
public sealed interface TrainingDatasetStatement extends Statement.Extension {
  /**
   * {@code CREATE [OR REPLACE] TRAINING DATASET [IF NOT EXISTS] name [LABEL (…)] [SPLIT (…) [BY …]]
   * [SEED n] [WITH (…)] AS query}.
   *
   * @param labels columns of one part each
   * @param seed empty: one is picked
   * @param sql the query as written
   * @param queryAt where it begins
   */
  record CreateTrainingDataset(
      Name name,
      boolean ifNotExists,
      boolean orReplace,
      List<Name> labels,
      Optional<Split> split,
      OptionalLong seed,
      Map<String, String> properties,
      SqlNode query,
      String sql,
      TextPosition queryAt,
      int parameterCount)
      implements TrainingDatasetStatement {
    public CreateTrainingDataset {
      requireNonNull(name, "name is null");
      labels = List.copyOf(labels);
      requireNonNull(split, "split is null");
      requireNonNull(seed, "seed is null");
      properties = Collections.unmodifiableMap(new LinkedHashMap<>(properties));
      requireNonNull(query, "query is null");
      requireNonNull(sql, "sql is null");
      requireNonNull(queryAt, "queryAt is null");
    }

    @Override
    public CreateTrainingDataset mapQueries(UnaryOperator<SqlNode> change) {
      return new CreateTrainingDataset(
          name,
          ifNotExists,
          orReplace,
          labels,
          split,
          seed,
          properties,
          change.apply(query),
          sql,
          queryAt,
          parameterCount);
    }
  }

  /**
   * {@code SPLIT (train 0.8, test 0.2) BY kind (columns)}.
   *
   * @param parts in the order of the text
   * @param columns of one part each; none for {@code RANDOM}
   */
  record Split(List<Part> parts, Kind kind, List<Name> columns, TextPosition position) {
    public Split {
      parts = List.copyOf(parts);
      requireNonNull(kind, "kind is null");
      columns = List.copyOf(columns);
      requireNonNull(position, "position is null");
    }

    /** A name and its share of the rows. */
    public record Part(String name, BigDecimal share) {
      public Part {
        requireNonNull(name, "name is null");
        requireNonNull(share, "share is null");
      }
    }

    /** What decides where a row goes. */
    public enum Kind {
      /** The values of the columns: rows that agree in them stay together. */
      HASH,
      /** The order of a column: the first part has the earliest rows. */
      TIME,
      /** The whole row and the seed. */
      RANDOM
    }
  }

  /** {@code ALTER TRAINING DATASET [IF EXISTS] name DELETE DATA | REPRODUCE}. */
  record AlterTrainingDataset(Name name, boolean ifExists, Action action)
      implements TrainingDatasetStatement {
    public AlterTrainingDataset {
      requireNonNull(name, "name is null");
      requireNonNull(action, "action is null");
    }

    /** What is to be done. */
    public enum Action {
      DELETE_DATA,
      REPRODUCE
    }
  }

  /** {@code DROP TRAINING DATASET [IF EXISTS] name}; {@code name@3}: that version alone. */
  record DropTrainingDataset(Name name, boolean ifExists) implements TrainingDatasetStatement {
    public DropTrainingDataset {
      requireNonNull(name, "name is null");
    }
  }

  /** {@code SHOW TRAINING DATASETS [FROM schema] [LIKE 'pattern']}. */
  record ShowTrainingDatasets(Optional<Name> in, Optional<String> like)
      implements TrainingDatasetStatement {
    public ShowTrainingDatasets {
      requireNonNull(in, "in is null");
      requireNonNull(like, "like is null");
    }
  }

  /** {@code DESCRIBE TRAINING DATASET name}: its columns and their statistics. */
  record DescribeTrainingDataset(Name name) implements TrainingDatasetStatement {
    public DescribeTrainingDataset {
      requireNonNull(name, "name is null");
    }
  }
}
