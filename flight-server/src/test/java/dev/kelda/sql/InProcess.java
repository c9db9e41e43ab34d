package dev.kelda.sql;

import dev.kelda.executor.QueryEngine;
import dev.kelda.executor.QueryResult;
import dev.kelda.executor.Session;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.TimeMicroVector;
import org.apache.arrow.vector.TimeStampMicroTZVector;
import org.apache.arrow.vector.TimeStampNanoTZVector;
import org.apache.arrow.vector.ValueVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.StructVector;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.util.Text;

/** The engine itself. */
final class InProcess implements SltConnection {
  private final Session session;
  private final QueryEngine engine;

  InProcess(QueryEngine engine) {
    this.engine = engine;
    this.session = engine.openSession("anonymous");
  }

  @Override
  public List<String> run(String sql) throws SltError {
    try (QueryResult result = engine.run(session, sql)) {
      List<String> rows = new ArrayList<>();
      if (result.isUpdate()) {
        return rows;
      }
      try (ArrowReader reader = result.reader()) {
        while (reader.loadNextBatch()) {
          VectorSchemaRoot root = reader.getVectorSchemaRoot();
          for (int row = 0; row < root.getRowCount(); row++) {
            List<String> cells = new ArrayList<>();
            for (FieldVector vector : root.getFieldVectors()) {
              cells.add(Cells.text(value(vector, row)));
            }
            rows.add(Cells.row(cells));
          }
        }
      }
      return rows;
    } catch (KeldaException e) {
      throw new SltError(e.describe());
    } catch (IOException e) {
      throw new SltError(String.valueOf(e.getMessage()));
    }
  }

  private static Object value(ValueVector vector, int row) {
    if (vector.isNull(row)) {
      return null;
    }
    return switch (vector) {
      case DateDayVector days -> LocalDate.ofEpochDay(days.get(row));
      case TimeMicroVector time -> LocalTime.ofNanoOfDay(time.get(row) * 1000);
      case TimeStampMicroTZVector time ->
          LocalDateTime.ofInstant(
              Instant.EPOCH.plus(time.get(row), ChronoUnit.MICROS), ZoneOffset.UTC);
      case TimeStampNanoTZVector time ->
          LocalDateTime.ofInstant(Instant.EPOCH.plusNanos(time.get(row)), ZoneOffset.UTC);
      case ListVector list ->
          elements(
              list.getDataVector(), list.getElementStartIndex(row), list.getElementEndIndex(row));
      case FixedSizeListVector list ->
          elements(
              list.getDataVector(), list.getElementStartIndex(row), list.getElementEndIndex(row));
      case StructVector struct -> {
        Map<String, Object> fields = new LinkedHashMap<>();
        for (FieldVector field : struct.getChildrenFromFields()) {
          fields.put(field.getName(), value(field, row));
        }
        yield fields;
      }
      default ->
          vector.getObject(row) instanceof Text text ? text.toString() : vector.getObject(row);
    };
  }

  private static List<Object> elements(ValueVector data, int start, int end) {
    List<Object> values = new ArrayList<>();
    for (int element = start; element < end; element++) {
      values.add(value(data, element));
    }
    return values;
  }

  @Override
  public void close() {
    session.close();
  }
}
