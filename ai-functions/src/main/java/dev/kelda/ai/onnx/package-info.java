/**
 * ONNX: the guard that reads files first, the sessions that run them, tensors from and to Arrow.
 *
 * <pre>
 * bytes --OnnxGuard--> bytes --OnnxModel.load--> session; columns --Tensors--> session --> a vector
 * </pre>
 *
 * Invariants: a session is made of bytes, never of a path, and without custom operators; one batch
 * is one call; buffers of tensors come from the query's allocator and go back with the call.
 */
package dev.kelda.ai.onnx;
