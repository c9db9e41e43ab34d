/**
 * Models in SQL: their registry, PREDICT and inference over HTTP.
 *
 * <pre>
 * CREATE MODEL --OnnxGuard--> bytes in the warehouse, a row in the metastore
 * PREDICT(…)   --bind-------> version and signature --evaluate--> ONNX Runtime, a batch at a time
 * </pre>
 *
 * Invariants: ONNX Runtime sees only bytes that the guard has read in full; a version's bytes never
 * change and are named by their hash; a statement uses one version of a model.
 */
package dev.kelda.ai;
