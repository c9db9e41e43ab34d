package dev.kelda.executor.statement;

import dev.kelda.parser.Name;
import dev.kelda.parser.SqlText;
import dev.kelda.parser.Statement;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.spi.connector.Scan.FileFormat;
import dev.kelda.spi.error.KeldaException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.calcite.sql.SqlNode;

/**
 * {@code COPY table FROM 'file'}: an INSERT of what the file holds. CSV goes by position and each
 * text is cast to its column; the columns of Parquet and JSON go by name.
 */
record CopyFromHandler(Services services, InsertHandler inserts)
    implements StatementHandler<Statement.CopyFrom> {
  @Override
  public Class<Statement.CopyFrom> statement() {
    return Statement.CopyFrom.class;
  }

  @Override
  public Action prepare(Statement.CopyFrom statement, Request request) {
    Name name = statement.target();
    TableReference target = request.catalog().table(name.parts(), Optional.of(name.position()));
    CopyOptions options = new CopyOptions(statement.options(), statement.position());
    SqlNode rows = ((Statement.Query) SqlText.parse(query(statement, target, options))).query();
    try {
      return inserts.prepare(
          new Statement.Insert(name, Optional.empty(), statement.columns(), rows, 0), request);
    } catch (KeldaException e) {
      // Positions in the text above mean nothing to the user.
      throw new KeldaException(
          e.code(), e.getMessage(), Optional.of(statement.position()), e.getCause());
    }
  }

  private static String query(
      Statement.CopyFrom statement, TableReference target, CopyOptions options) {
    FileFormat format = options.format(statement.path());
    StringBuilder arguments = new StringBuilder(literal(statement.path()));
    if (format == FileFormat.CSV) {
      arguments.append(", all_varchar => TRUE");
      options.flag("header").ifPresent(v -> arguments.append(", header => ").append(v));
      for (String option : List.of("delimiter", "quote", "escape")) {
        options
            .character(option)
            .ifPresent(v -> arguments.append(", " + option + " => ").append(literal(v)));
      }
      options.text("null").ifPresent(v -> arguments.append(", nullstr => ").append(literal(v)));
    }
    if (format != FileFormat.PARQUET) {
      options
          .text("compression")
          .ifPresent(v -> arguments.append(", compression => ").append(literal(v)));
    }
    options.requireNoMore();
    String columns = format == FileFormat.CSV ? "*" : columns(statement, target);
    return "SELECT " + columns + " FROM READ_" + format + "(" + arguments + ")";
  }

  private static String columns(Statement.CopyFrom statement, TableReference target) {
    List<String> names =
        statement.columns().isEmpty()
            ? target.table().schema().getFields().stream().map(Field::getName).toList()
            : statement.columns().stream().map(Name::last).toList();
    return names.stream()
        .map(name -> '"' + name.replace("\"", "\"\"") + '"')
        .collect(Collectors.joining(", "));
  }

  private static String literal(String text) {
    return "'" + text.replace("'", "''") + "'";
  }
}
