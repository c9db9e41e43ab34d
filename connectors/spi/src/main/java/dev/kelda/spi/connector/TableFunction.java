package dev.kelda.spi.connector;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Map;
import org.apache.arrow.vector.types.pojo.ArrowType;

/** A function in FROM with constant arguments: {@code READ_CSV('a.csv', header => TRUE)}. */
public interface TableFunction {
  /** Upper case. */
  String name();

  /** In positional order; the required ones come first. */
  List<Parameter> parameters();

  /** One sentence for SHOW FUNCTIONS. */
  String description();

  /**
   * @param arguments by parameter name (lower case); only those given, already of the declared type
   */
  Table apply(Map<String, Scalar> arguments);

  /**
   * @param name lower case
   */
  record Parameter(String name, ArrowType type, boolean required) {
    public Parameter {
      requireNonNull(name, "name is null");
      requireNonNull(type, "type is null");
    }
  }
}
