package dev.kelda.spi.connector;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.connector.TableFunction.Argument;
import java.util.List;
import java.util.Optional;

/**
 * The rows of a relation that answer a query best, found by one branch or fused from several. The
 * result has the relation's columns and then {@code distance} and {@code score} (vectors), {@code
 * score} (text) or {@code fused_score} (several branches). Conditions above the search that need
 * nothing but the relation's columns choose the rows before the best ones are taken.
 *
 * @param rows what is searched
 * @param fusion present where there are several branches
 */
public record Search(Argument.Relation rows, List<Branch> branches, Optional<Fusion> fusion) {
  public Search {
    requireNonNull(rows, "rows is null");
    branches = List.copyOf(branches);
    requireNonNull(fusion, "fusion is null");
    if (branches.isEmpty() || branches.size() > 1 && fusion.isEmpty()) {
      throw new IllegalArgumentException(branches.size() + " branches of a search");
    }
  }

  /** What makes a row a good answer. */
  public enum Measure {
    COSINE,
    EUCLIDEAN,
    DOT_PRODUCT,
    TEXT;

    public boolean ofVectors() {
      return this != TEXT;
    }
  }

  /**
   * One way to find rows.
   *
   * @param columns of the relation; one for vectors
   * @param query a vector or a text
   * @param count how many rows; a constant or a parameter
   * @param index what finds them; empty = every row is looked at, which only vectors can
   */
  public record Branch(
      Measure measure,
      List<String> columns,
      Argument.Expression query,
      Optional<Argument.Expression> count,
      Optional<Hits> index) {
    public Branch {
      requireNonNull(measure, "measure is null");
      columns = List.copyOf(columns);
      requireNonNull(query, "query is null");
      requireNonNull(count, "count is null");
      requireNonNull(index, "index is null");
      if (index.isEmpty() && !measure.ofVectors()) {
        throw new IllegalArgumentException("a text is searched with an index");
      }
    }
  }

  /**
   * A module's function that finds rows of an {@link AddressedTable}: (query, count BIGINT,
   * addresses VARBINARY) gives an array of ROW(address BIGINT, value DOUBLE), best first, where
   * value is the distance of vectors and the score of texts. Addresses, as {@link RowSet} reads
   * them, are those of the rows to choose from; NULL = all.
   *
   * @param function its id with a binding
   * @param description for EXPLAIN
   */
  public record Hits(String function, String description) {
    public Hits {
      requireNonNull(function, "function is null");
      requireNonNull(description, "description is null");
    }
  }

  /**
   * Reciprocal rank fusion: a row's score is the sum over branches of 1 / (k + its rank there).
   *
   * @param count how many rows; a constant or a parameter
   */
  public record Fusion(double k, Optional<Argument.Expression> count) {
    public Fusion {
      requireNonNull(count, "count is null");
    }
  }
}
