package dev.kelda.spi.extension;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.connector.Scalar;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * A scalar function that learns at planning what it means: {@code PREDICT('model', …)} has the type
 * of the model's output. Evaluated in Java, a record batch at a time, once per row and call.
 * Functions with fixed types stand in the function registry instead ({@link
 * dev.kelda.spi.function.JavaFunction}).
 */
public interface PlannedFunction {
  /** Lower case, {@code module.function}; stands in plans. */
  String id();

  /** The SQL name and its aliases, upper case; {@code AI.EMBED} is called with its dot. */
  List<String> names();

  /** {@code PREDICT(model, feature, …)} for SHOW FUNCTIONS. */
  String syntax();

  /** One sentence for SHOW FUNCTIONS. */
  String description();

  /** The fewest arguments and the most; -1 = any number. */
  Arity arity();

  /**
   * Whether a call gives the same value whenever it is asked, as long as what it rests on keeps its
   * version. Queries whose rows are kept take only such functions.
   */
  default boolean isStable() {
    return true;
  }

  /**
   * Decides what the call means. May read the metastore; called several times per statement.
   *
   * @throws dev.kelda.spi.error.KeldaException with a USER code; the engine adds the position
   */
  Bound bind(Call call);

  /**
   * Evaluates a bound call.
   *
   * @param binding what {@link #bind} gave
   * @param arguments one column per argument that was not dropped, of the types {@link #bind} asked
   *     for; owned by the engine
   * @param allocator for the result
   * @return a new vector of the bound type, one value per row; the engine closes it
   */
  FieldVector evaluate(
      String binding,
      VectorSchemaRoot arguments,
      BufferAllocator allocator,
      StatementContext context);

  /** How many arguments a call may have. */
  record Arity(int min, int max) {}

  /**
   * A call as the planner knows it.
   *
   * @param arguments their types; a field's name says nothing
   * @param constants values of the arguments that are constants, by ordinal
   */
  record Call(Caller caller, List<Field> arguments, Map<Integer, Scalar> constants) {
    public Call {
      requireNonNull(caller, "caller is null");
      arguments = List.copyOf(arguments);
      constants = Map.copyOf(constants);
    }
  }

  /**
   * What a call means.
   *
   * @param result type and nullability
   * @param binding given to {@link #evaluate}; part of the plan
   * @param arguments parallel to the call's: the type an argument is cast to; empty = as it is
   * @param dropped ordinals of arguments that are not evaluated
   * @param version of what the binding rests on, as it is when asked: a plan is made anew when it
   *     is another one than at planning
   */
  record Bound(
      Field result,
      String binding,
      List<Optional<Field>> arguments,
      List<Integer> dropped,
      Supplier<String> version) {
    public Bound {
      requireNonNull(result, "result is null");
      requireNonNull(binding, "binding is null");
      arguments = List.copyOf(arguments);
      dropped = List.copyOf(dropped);
      requireNonNull(version, "version is null");
    }
  }
}
