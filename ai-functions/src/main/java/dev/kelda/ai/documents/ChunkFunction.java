package dev.kelda.ai.documents;

import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.extension.SqlQuery;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** {@code CHUNK(text, size, overlap)}: the pieces of a text as rows, numbered from 1. */
public record ChunkFunction() implements TableFunction {
  private static final Parameter TEXT =
      new Parameter("text", Kind.EXPRESSION, CanonicalTypes.UTF8, true);
  private static final Parameter SIZE =
      new Parameter("size", Kind.EXPRESSION, CanonicalTypes.INT64, true);
  private static final Parameter OVERLAP =
      new Parameter("overlap", Kind.EXPRESSION, CanonicalTypes.INT64, false);

  @Override
  public String name() {
    return "CHUNK";
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(TEXT, SIZE, OVERLAP);
  }

  @Override
  public String description() {
    return "A text in pieces of at most size characters: chunk, number. Beside a table: LATERAL CHUNK(t.text, 800, 100).";
  }

  @Override
  public Expansion expand(Call call) {
    String arguments =
        Stream.of(TEXT, SIZE, OVERLAP)
            .flatMap(p -> call.argument(p.name(), Argument.Expression.class).stream())
            .map(Argument.Expression::placeholder)
            .collect(Collectors.joining(", "));
    String sql =
        "SELECT \"chunk\", \"number\" FROM UNNEST(CHUNKS(%s)) WITH ORDINALITY AS \"$c\" (\"chunk\", \"number\")"
            .formatted(arguments);
    return new Expansion.Query(SqlQuery.of(sql), () -> "");
  }
}
