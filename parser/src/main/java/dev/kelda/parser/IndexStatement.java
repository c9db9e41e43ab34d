package dev.kelda.parser;

import static java.util.Objects.requireNonNull;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Statements about vector and text indexes; the module {@code ai-functions} runs them. */
public sealed interface IndexStatement extends Statement.Extension {
  /** What an index finds rows by. */
  enum Kind {
    VECTOR,
    TEXT
  }

  /**
   * {@code CREATE [OR REPLACE] VECTOR|TEXT INDEX [IF NOT EXISTS] name ON table (column, …) [WITH
   * (…)]}.
   *
   * @param model of {@code EMBED(column, 'model')} in the column's place; empty = the column itself
   */
  record CreateIndex(
      Kind kind,
      Name name,
      boolean ifNotExists,
      boolean orReplace,
      Name table,
      List<String> columns,
      Optional<String> model,
      Map<String, String> properties)
      implements IndexStatement {
    public CreateIndex {
      requireNonNull(kind, "kind is null");
      requireNonNull(name, "name is null");
      requireNonNull(table, "table is null");
      columns = List.copyOf(columns);
      requireNonNull(model, "model is null");
      properties = Collections.unmodifiableMap(new LinkedHashMap<>(properties));
    }
  }

  /** {@code DROP [VECTOR|TEXT] INDEX [IF EXISTS] name}. */
  record DropIndex(Name name, boolean ifExists) implements IndexStatement {
    public DropIndex {
      requireNonNull(name, "name is null");
    }
  }

  /** {@code REFRESH INDEX name}: the index takes in what the table has now. */
  record RefreshIndex(Name name) implements IndexStatement {
    public RefreshIndex {
      requireNonNull(name, "name is null");
    }
  }

  /** {@code SHOW INDEXES [LIKE 'pattern']}. */
  record ShowIndexes(Optional<String> like) implements IndexStatement {
    public ShowIndexes {
      requireNonNull(like, "like is null");
    }
  }

  /** {@code DESCRIBE INDEX name}. */
  record DescribeIndex(Name name) implements IndexStatement {
    public DescribeIndex {
      requireNonNull(name, "name is null");
    }
  }
}
