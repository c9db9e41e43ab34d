package dev.kelda.executor.statement;

import dev.kelda.executor.run.Outcome;
import dev.kelda.executor.run.PlannedQuery;
import dev.kelda.parser.Statement;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Scan.FileFormat;
import dev.kelda.spi.connector.Scan.FormatOptions;
import dev.kelda.spi.connector.TableWrite;
import dev.kelda.spi.connector.TableWrite.Layout;
import dev.kelda.spi.connector.TableWrite.OneFile;
import dev.kelda.spi.connector.TableWrite.WriteTarget;
import dev.kelda.spi.connector.TableWrite.WrittenFile;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.Schema;

/** {@code COPY (query) TO 'file'}: one file, there when it is complete. */
record CopyToHandler(Services services) implements StatementHandler<Statement.CopyTo> {
  private static final int ROW_GROUP_ROWS = 262_144;

  @Override
  public Class<Statement.CopyTo> statement() {
    return Statement.CopyTo.class;
  }

  @Override
  public Action prepare(Statement.CopyTo statement, Request request) {
    CopyOptions options = new CopyOptions(statement.options(), statement.position());
    String url =
        Positioned.at(statement.position(), () -> services.exports().resolve(statement.path()));
    FileFormat format = options.format(statement.path());
    FormatOptions text =
        format == FileFormat.CSV
            ? csv(options, statement.path().toLowerCase(Locale.ROOT).endsWith(".tsv"))
            : FormatOptions.DEFAULT;
    String compression =
        format == FileFormat.PARQUET ? options.text("compression").orElse("zstd") : "";
    options.requireNoMore();
    PlannedQuery query = services.planning().query(statement.query(), request);
    Schema columns = query.plan().outputSchema();
    int slash = url.lastIndexOf('/');
    WriteTarget target =
        new WriteTarget(
            url.substring(0, slash),
            "",
            columns,
            columns.getFields().stream().map(c -> Scan.ColumnSource.byName()).toList(),
            0,
            compression,
            ROW_GROUP_ROWS,
            Layout.NONE,
            Optional.of(new OneFile(url.substring(slash + 1), format, text)));
    return Action.write(
        query,
        (execution, parameters) ->
            new Outcome.Updated(
                services.runner().write(execution, query, parameters, new Export(target))));
  }

  private static FormatOptions csv(CopyOptions options, boolean tabs) {
    return new FormatOptions(
        options.flag("header").orElse(true),
        options.character("delimiter").orElse(tabs ? "\t" : ","),
        options.character("quote").orElse("\""),
        options.character("escape").orElse(""),
        options.text("null").orElse(""),
        "",
        "");
  }

  /** The writer replaces the file at its end; there is nothing left to publish or to take back. */
  private record Export(WriteTarget target) implements TableWrite {
    @Override
    public void commit(List<WrittenFile> files) {}

    @Override
    public void abort(List<WrittenFile> files) {}
  }
}
