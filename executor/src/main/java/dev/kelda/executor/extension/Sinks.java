package dev.kelda.executor.extension;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.run.Execution;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.spi.extension.EngineServices.NamedTable;
import dev.kelda.spi.extension.RowSink;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import org.apache.arrow.vector.ipc.ArrowReader;

/** Tables whose new rows a module takes. */
public record Sinks(Extensions extensions, ModuleQueries queries) {
  public Sinks {
    requireNonNull(extensions, "extensions is null");
    requireNonNull(queries, "queries is null");
  }

  public Optional<RowSink> of(TableReference table) {
    return extensions.sink(
        new NamedTable(table.catalog(), table.schema(), table.name(), table.table()));
  }

  /**
   * Hands all rows over and closes them.
   *
   * @return how many
   */
  public long fill(RowSink sink, Execution execution, ArrowReader rows) {
    try (rows) {
      return sink.accept(rows, new RunningStatement(execution, queries));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
