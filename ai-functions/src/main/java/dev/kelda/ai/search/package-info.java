/**
 * Searches in FROM.
 *
 * <pre>
 * VECTOR_SEARCH(TABLE t, DESCRIPTOR(c), q), TEXT_SEARCH(…) --expand--> Search: an index's hits, or every row
 * RRF(VECTOR_SEARCH(…), TEXT_SEARCH(…))                    --expand--> Search of several branches
 * </pre>
 *
 * Invariants: an index is used only for the distance that it was made for; which one is decided
 * anew when an index comes, goes or is refreshed.
 */
package dev.kelda.ai.search;
