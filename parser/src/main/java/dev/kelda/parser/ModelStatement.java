package dev.kelda.parser;

import static java.util.Objects.requireNonNull;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Statements about models; the module {@code ai-functions} runs them. */
public sealed interface ModelStatement extends Statement.Extension {
  /**
   * {@code CREATE [OR REPLACE] MODEL [IF NOT EXISTS] name [INPUT (…)] [OUTPUT (…)] [WITH (…)]}.
   *
   * @param inputs declared; empty = inferred
   * @param outputs declared; empty = inferred
   */
  record CreateModel(
      Name name,
      boolean ifNotExists,
      boolean orReplace,
      List<ColumnDefinition> inputs,
      List<ColumnDefinition> outputs,
      Map<String, String> properties)
      implements ModelStatement {
    public CreateModel {
      requireNonNull(name, "name is null");
      inputs = List.copyOf(inputs);
      outputs = List.copyOf(outputs);
      properties = Collections.unmodifiableMap(new LinkedHashMap<>(properties));
    }
  }

  /**
   * {@code ALTER MODEL name SET ALIAS|TAG|METRIC key = value} or {@code DROP …}.
   *
   * @param name for tags and metrics that of a version: {@code "delay@3"}
   * @param value empty = the key is dropped
   */
  record AlterModel(Name name, Property property, String key, Optional<String> value)
      implements ModelStatement {
    public AlterModel {
      requireNonNull(name, "name is null");
      requireNonNull(property, "property is null");
      requireNonNull(key, "key is null");
      requireNonNull(value, "value is null");
    }

    /** What of a model can be changed. */
    public enum Property {
      ALIAS,
      TAG,
      METRIC
    }
  }

  /** {@code DROP MODEL [IF EXISTS] name}. */
  record DropModel(Name name, boolean ifExists) implements ModelStatement {
    public DropModel {
      requireNonNull(name, "name is null");
    }
  }

  /** {@code SHOW MODELS [LIKE 'pattern']}. */
  record ShowModels(Optional<String> like) implements ModelStatement {
    public ShowModels {
      requireNonNull(like, "like is null");
    }
  }

  /** {@code DESCRIBE MODEL name}: its versions. */
  record DescribeModel(Name name) implements ModelStatement {
    public DescribeModel {
      requireNonNull(name, "name is null");
    }
  }
}
