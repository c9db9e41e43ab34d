package dev.kelda.connector.files;

import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Scan.FileFormat;
import dev.kelda.spi.connector.Scan.FormatOptions;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;

/**
 * A function in FROM that reads a path.
 *
 * @param kind format and options, from the path and the arguments
 */
record FileFunction(
    String name,
    String description,
    List<Parameter> parameters,
    BiFunction<String, Arguments, FileKind> kind,
    FileTables files)
    implements TableFunction {
  private static final Parameter PATH = new Parameter("path", CanonicalTypes.UTF8, true);
  private static final Parameter COMPRESSION = text("compression");
  private static final Parameter ALL_VARCHAR =
      new Parameter("all_varchar", CanonicalTypes.BOOL, false);
  private static final Set<String> COMPRESSIONS = Set.of("", "gzip", "zstd", "bzip2", "xz");

  static List<TableFunction> all(FileTables files) {
    return List.of(
        new FileFunction(
            "READ_PARQUET",
            "Reads Parquet files: a path, a folder or a glob.",
            List.of(PATH),
            (path, arguments) -> new FileKind(FileFormat.PARQUET, FormatOptions.DEFAULT),
            files),
        new FileFunction(
            "READ_CSV",
            "Reads CSV files; column types are inferred from the first rows.",
            csvParameters(),
            FileFunction::csv,
            files),
        new FileFunction(
            "READ_JSON",
            "Reads JSON lines, one object a line; column types are inferred from the first rows.",
            List.of(PATH, ALL_VARCHAR, COMPRESSION),
            (path, arguments) ->
                new FileKind(
                    FileFormat.JSON,
                    FileKind.withCompression(FormatOptions.DEFAULT, arguments.compression(path)),
                    arguments.allTexts()),
            files),
        new FileFunction(
            "READ_ARROW",
            "Reads Arrow IPC files.",
            List.of(PATH),
            (path, arguments) -> new FileKind(FileFormat.ARROW, FormatOptions.DEFAULT),
            files),
        new FileFunction(
            "READ_FILE",
            "Reads files in the format that their extension names; the same as FROM 'path'.",
            List.of(PATH),
            (path, arguments) -> FileKind.ofPath(path),
            files));
  }

  @Override
  public Table apply(Map<String, Scalar> values) {
    Arguments arguments = new Arguments(values);
    String path =
        arguments
            .text("path")
            .filter(p -> !p.isBlank())
            .orElseThrow(
                () -> new KeldaException(ErrorCode.INVALID_ARGUMENT, name + " needs a path"));
    return files.open(kind.apply(path, arguments), path);
  }

  private static FileKind csv(String path, Arguments arguments) {
    String separator = FileKind.isTabSeparated(path) ? "\t" : ",";
    FormatOptions options =
        new FormatOptions(
            arguments.flag("header").orElse(true),
            arguments
                .character("delimiter")
                .or(() -> arguments.character("sep"))
                .or(() -> arguments.character("delim"))
                .orElse(separator),
            arguments.character("quote").orElse("\""),
            arguments.character("escape").orElse(""),
            arguments.text("nullstr").orElse(""),
            arguments.compression(path),
            arguments.character("comment").orElse(""));
    if (options.delimiter().isEmpty()) {
      throw new KeldaException(ErrorCode.INVALID_ARGUMENT, "READ_CSV: the delimiter is empty");
    }
    return new FileKind(FileFormat.CSV, options, arguments.allTexts());
  }

  private static List<Parameter> csvParameters() {
    List<Parameter> parameters = new ArrayList<>();
    parameters.add(PATH);
    parameters.add(new Parameter("header", CanonicalTypes.BOOL, false));
    parameters.add(ALL_VARCHAR);
    List.of("delimiter", "sep", "delim", "quote", "escape", "nullstr", "comment")
        .forEach(name -> parameters.add(text(name)));
    parameters.add(COMPRESSION);
    return List.copyOf(parameters);
  }

  private static Parameter text(String name) {
    return new Parameter(name, CanonicalTypes.UTF8, false);
  }

  /** The call's arguments, checked as they are taken. */
  record Arguments(Map<String, Scalar> values) {
    Optional<String> text(String name) {
      return value(name).map(Object::toString);
    }

    Optional<Boolean> flag(String name) {
      return value(name).map(Boolean.class::cast);
    }

    boolean allTexts() {
      return flag("all_varchar").orElse(false);
    }

    /** One byte or nothing; {@code \t} may be written as two characters. */
    Optional<String> character(String name) {
      Optional<String> text = text(name).map(t -> t.equals("\\t") ? "\t" : t);
      text.filter(t -> t.getBytes(StandardCharsets.UTF_8).length > 1)
          .ifPresent(
              t -> {
                throw new KeldaException(
                    ErrorCode.INVALID_ARGUMENT,
                    "READ_CSV: " + name + " must be one ASCII character, not '" + t + "'");
              });
      return text;
    }

    String compression(String path) {
      String compression =
          text("compression")
              .map(c -> c.equals("none") ? "" : c)
              .orElse(FileKind.compression(path));
      if (!COMPRESSIONS.contains(compression)) {
        throw new KeldaException(
            ErrorCode.INVALID_ARGUMENT,
            "compression '" + compression + "': use gzip, zstd, bzip2, xz or none");
      }
      return compression;
    }

    private Optional<Object> value(String name) {
      return Optional.ofNullable(values.get(name)).flatMap(Scalar::value);
    }
  }
}
