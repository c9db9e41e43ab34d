/**
 * Models in SQL: their registry, PREDICT, EMBED and inference over HTTP.
 *
 * <pre>
 * CREATE MODEL --OnnxGuard--> bytes in the warehouse, a row in the metastore
 * PREDICT(…)   --bind-------> version and signature --evaluate--> ONNX Runtime, a batch at a time
 * EMBED(…)     --bind-------> version --evaluate--> tokens, ONNX Runtime (or a server), a vector a text
 * </pre>
 *
 * Invariants: ONNX Runtime sees only bytes that the guard has read in full; a version's bytes never
 * change and are named by their hash; a statement uses one version of a model.
 */
package dev.kelda.ai;
