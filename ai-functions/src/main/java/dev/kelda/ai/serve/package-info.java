/**
 * Models over HTTP: the Open Inference Protocol, version 2.
 *
 * <pre>
 * body --InferenceRequest--> tensors --MicroBatches--> one call for several requests --> InferenceAnswer
 * </pre>
 *
 * Invariants: a request is answered as if it were alone; nothing waits for others to come.
 */
package dev.kelda.ai.serve;
