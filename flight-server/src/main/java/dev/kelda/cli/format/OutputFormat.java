package dev.kelda.cli.format;

/** The values of {@code --format}. */
public enum OutputFormat {
  TABLE,
  CSV,
  JSON,
  ARROW,
  NONE;

  public ResultWriter writer(Layout layout) {
    return switch (this) {
      case TABLE -> layout.vertical() ? new VerticalWriter() : new TableWriter(layout);
      case CSV -> new CsvWriter();
      case JSON -> new JsonWriter();
      case ARROW -> new ArrowWriter();
      case NONE -> new NoneWriter();
    };
  }
}
