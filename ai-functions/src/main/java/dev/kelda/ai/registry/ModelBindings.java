package dev.kelda.ai.registry;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.PlannedFunction.Bound;
import dev.kelda.spi.extension.PlannedFunction.Call;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * Which version a call in SQL means. A binding is the version's reference with the beginning of its
 * hash and its time: a model that is dropped and made anew counts from 1 again. Thread-safe.
 */
public final class ModelBindings {
  private static final int MOST_KNOWN = 10_000;
  private static final int HASH_SHOWN = 12;

  private final ModelRegistry registry;
  private final Map<String, ModelVersion> versions = new ConcurrentHashMap<>(); // by binding

  public ModelBindings(ModelRegistry registry) {
    this.registry = requireNonNull(registry, "registry is null");
  }

  /**
   * Binds a call to the version that one of its arguments names, which is not evaluated.
   *
   * @param model the argument's ordinal; a constant text
   * @param result of a version
   * @param arguments that a version takes, parallel to the call's
   * @throws KeldaException INVALID_ARGUMENT, MODEL_NOT_FOUND
   */
  public Bound bind(
      Call call,
      int model,
      Function<ModelVersion, Field> result,
      Function<ModelVersion, List<Optional<Field>>> arguments) {
    String reference =
        Optional.ofNullable(call.constants().get(model))
            .flatMap(constant -> constant.value())
            .filter(String.class::isInstance)
            .map(String.class::cast)
            .orElseThrow(
                () ->
                    new KeldaException(
                        ErrorCode.INVALID_ARGUMENT,
                        "argument %d is a model's name as a constant text".formatted(model + 1)));
    ModelVersion version = registry.find(reference);
    return new Bound(
        result.apply(version),
        binding(version),
        arguments.apply(version),
        List.of(model),
        () -> binding(registry.find(reference)));
  }

  /** Names the version for good, in plans and in memory. */
  public static String binding(ModelVersion version) {
    return "%s:%s-%d"
        .formatted(
            version.reference(),
            version.hash().substring(0, HASH_SHOWN),
            version.createdAt().toEpochMilli());
  }

  /**
   * The version of a binding.
   *
   * @throws KeldaException MODEL_NOT_FOUND when it is not there any more
   */
  public ModelVersion version(String binding) {
    ModelVersion known = versions.get(binding);
    if (known != null) {
      return known;
    }
    String reference = binding.substring(0, binding.lastIndexOf(':'));
    ModelVersion found = registry.find(reference);
    if (!binding(found).equals(binding)) {
      throw new KeldaException(
          ErrorCode.MODEL_NOT_FOUND, "model " + reference + " was made anew while the query ran");
    }
    if (versions.size() > MOST_KNOWN) {
      versions.clear();
    }
    versions.put(binding, found);
    return found;
  }
}
