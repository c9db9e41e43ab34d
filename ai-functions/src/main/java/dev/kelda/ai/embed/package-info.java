/**
 * Texts to vectors: EMBED.
 *
 * <pre>
 * texts --distinct, not known--> Tokenizer --by length--> Workers: TextEncoder, a call each --> vectors
 *                            \-> EmbeddingServer, for models that are elsewhere -------------/
 * </pre>
 *
 * Invariants: a text's vector does not depend on the texts beside it; equal texts are embedded once
 * a batch; nothing of this is loaded before the first call.
 */
package dev.kelda.ai.embed;
