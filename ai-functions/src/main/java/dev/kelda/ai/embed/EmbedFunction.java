package dev.kelda.ai.embed;

import static java.util.Objects.requireNonNull;

import dev.kelda.ai.registry.ModelBindings;
import dev.kelda.ai.registry.ModelVersion;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.PlannedFunction;
import dev.kelda.spi.extension.StatementContext;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/** {@code EMBED(text, 'model')}: the text's vector; NULL for NULL. */
public final class EmbedFunction implements PlannedFunction {
  private final ModelBindings bindings;
  private final Embeddings embeddings;

  public EmbedFunction(ModelBindings bindings, Embeddings embeddings) {
    this.bindings = requireNonNull(bindings, "bindings is null");
    this.embeddings = requireNonNull(embeddings, "embeddings is null");
  }

  @Override
  public String id() {
    return "ai.embed";
  }

  @Override
  public List<String> names() {
    return List.of("EMBED", "AI_EMBED", "AI.EMBED");
  }

  @Override
  public String syntax() {
    return "EMBED(text, 'model[@version|@alias]')";
  }

  @Override
  public String description() {
    return "The vector of a text, as an array of fixed length; 'minilm' comes with Kelda.";
  }

  @Override
  public Arity arity() {
    return new Arity(2, 2);
  }

  @Override
  public Bound bind(Call call) {
    ArrowType given = call.arguments().get(0).getType();
    if (!given.equals(CanonicalTypes.UTF8) && !given.equals(CanonicalTypes.NULL)) {
      throw new KeldaException(
          ErrorCode.TYPE_MISMATCH,
          "EMBED takes a text and a model, not %s; CAST(… AS VARCHAR)".formatted(given));
    }
    return bindings.bind(
        call,
        1,
        version ->
            result(version.text().orElseThrow(() -> Embeddings.noTextModel(version)).dimensions()),
        version -> List.of(Optional.of(Field.nullable("", CanonicalTypes.UTF8)), Optional.empty()));
  }

  private static Field result(int dimensions) {
    return new Field(
        "",
        FieldType.nullable(new ArrowType.FixedSizeList(dimensions)),
        List.of(Field.nullable("item", CanonicalTypes.FLOAT32)));
  }

  @Override
  public FieldVector evaluate(
      String binding,
      VectorSchemaRoot arguments,
      BufferAllocator allocator,
      StatementContext context) {
    ModelVersion version = bindings.version(binding);
    VarCharVector texts = (VarCharVector) arguments.getVector(0);
    int rows = arguments.getRowCount();
    List<String> given = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      if (!texts.isNull(row)) {
        given.add(new String(texts.get(row), StandardCharsets.UTF_8));
      }
    }
    List<float[]> vectors =
        given.isEmpty() ? List.of() : embeddings.of(version, given, allocator, context::checkpoint);
    return column(texts, rows, vectors, version.text().orElseThrow().dimensions(), allocator);
  }

  private static FieldVector column(
      VarCharVector texts,
      int rows,
      List<float[]> vectors,
      int dimensions,
      BufferAllocator allocator) {
    FixedSizeListVector column = (FixedSizeListVector) result(dimensions).createVector(allocator);
    try {
      column.setInitialCapacity(rows);
      column.allocateNew();
      Float4Vector values = (Float4Vector) column.getDataVector();
      int next = 0;
      for (int row = 0; row < rows; row++) {
        if (!texts.isNull(row)) {
          column.setNotNull(row);
          floats(values, row, dimensions).put(vectors.get(next++));
        }
      }
      column.setValueCount(rows);
      values.getValidityBuffer().setOne(0, values.getValidityBuffer().capacity());
      return column;
    } catch (RuntimeException | Error e) {
      column.close();
      throw e;
    }
  }

  private static FloatBuffer floats(Float4Vector values, int row, int dimensions) {
    return values
        .getDataBuffer()
        .nioBuffer((long) row * dimensions * Float.BYTES, dimensions * Float.BYTES)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }
}
