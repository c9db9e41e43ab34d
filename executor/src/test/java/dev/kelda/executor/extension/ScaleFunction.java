package dev.kelda.executor.extension;

import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.PlannedFunction;
import dev.kelda.spi.extension.StatementContext;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Field;

/** {@code SCALE('model', x)}: x times the model's factor; a text where its factor is "text". */
record ScaleFunction(NotesExtension notes) implements PlannedFunction {
  static final AtomicLong EVALUATED = new AtomicLong();

  @Override
  public String id() {
    return "notes.scale";
  }

  @Override
  public List<String> names() {
    return List.of("SCALE", "NOTES.SCALE");
  }

  @Override
  public String syntax() {
    return "SCALE(model, x)";
  }

  @Override
  public String description() {
    return "Scales a number.";
  }

  @Override
  public Arity arity() {
    return new Arity(2, 2);
  }

  @Override
  public Bound bind(Call call) {
    String name =
        Optional.ofNullable(call.constants().get(0))
            .flatMap(s -> s.value())
            .map(String.class::cast)
            .orElseThrow(
                () -> new KeldaException(ErrorCode.INVALID_ARGUMENT, "which model is no constant"));
    String path = notes.note(name).path();
    return new Bound(
        Field.nullable("", path.equals("text") ? CanonicalTypes.UTF8 : CanonicalTypes.FLOAT64),
        path,
        List.of(Optional.empty(), Optional.of(Field.nullable("", CanonicalTypes.FLOAT64))),
        List.of(0),
        () -> String.valueOf(notes.note(name).version()));
  }

  @Override
  public FieldVector evaluate(
      String binding,
      VectorSchemaRoot arguments,
      BufferAllocator allocator,
      StatementContext context) {
    context.checkpoint();
    int rows = arguments.getRowCount();
    EVALUATED.addAndGet(rows);
    Float8Vector numbers = (Float8Vector) arguments.getVector(0);
    if (binding.equals("text")) {
      VarCharVector texts = new VarCharVector("", allocator);
      texts.allocateNew(rows);
      for (int i = 0; i < rows; i++) {
        texts.setSafe(i, (numbers.get(i) + context.caller().user()).getBytes());
      }
      texts.setValueCount(rows);
      return texts;
    }
    Float8Vector result = new Float8Vector("", allocator);
    result.allocateNew(rows);
    for (int i = 0; i < rows; i++) {
      if (numbers.isNull(i)) {
        result.setNull(i);
      } else {
        result.set(i, numbers.get(i) * Double.parseDouble(binding));
      }
    }
    result.setValueCount(rows);
    return result;
  }
}
