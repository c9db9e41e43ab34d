package dev.kelda.ai.documents;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.LocationPolicy;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.List;
import java.util.Map;

/** {@code READ_TEXT('docs/*.md')}: a row for each file. */
public record ReadTextFunction(LocationPolicy locations) implements TableFunction {
  private static final Parameter PATH = new Parameter("path", CanonicalTypes.UTF8, true);

  public ReadTextFunction {
    requireNonNull(locations, "locations is null");
  }

  @Override
  public String name() {
    return "READ_TEXT";
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(PATH);
  }

  @Override
  public String description() {
    return "Text files as rows: path, text, bytes, modified_at. The path may have * ? [a-z] {a,b} and ** for folders.";
  }

  @Override
  public Table apply(Map<String, Scalar> arguments) {
    String path =
        (String)
            arguments
                .get(PATH.name())
                .value()
                .orElseThrow(
                    () -> new KeldaException(ErrorCode.INVALID_ARGUMENT, "the path is NULL"));
    return new TextFiles(TextFileListing.list(path, locations));
  }
}
