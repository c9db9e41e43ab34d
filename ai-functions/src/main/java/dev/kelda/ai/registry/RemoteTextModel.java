package dev.kelda.ai.registry;

import static java.util.Objects.requireNonNull;

/**
 * A model at the embedding server that the configuration names.
 *
 * @param name as the server calls it
 * @param asked dimensions to ask the server for; 0 = as many as the model has
 */
public record RemoteTextModel(String name, int asked, int dimensions) implements TextModel {
  public RemoteTextModel {
    requireNonNull(name, "name is null");
    if (asked < 0 || dimensions < 1) {
      throw new IllegalArgumentException(asked + " dimensions asked, " + dimensions);
    }
  }

  /** {@code text-embedding-3-small at the embedding server}. */
  @Override
  public String toString() {
    return name + " at the embedding server";
  }
}
