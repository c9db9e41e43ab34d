package dev.kelda.ai.registry;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.kelda.ai.registry.Signature.Element;
import dev.kelda.ai.registry.Signature.Port;
import java.util.List;

/** How a model makes vectors of texts. Its text stands in DESCRIBE MODEL. */
@JsonTypeInfo(use = JsonTypeInfo.Id.DEDUCTION)
@JsonSubTypes({@JsonSubTypes.Type(OnnxTextModel.class), @JsonSubTypes.Type(RemoteTextModel.class)})
public sealed interface TextModel permits OnnxTextModel, RemoteTextModel {
  /** Of a vector. */
  int dimensions();

  /** A text goes in, a vector comes out. */
  default Signature signature() {
    return new Signature(
        List.of(Port.of("text", Element.VARCHAR, 1, true)),
        List.of(Port.of("embedding", Element.REAL, dimensions(), false)));
  }
}
