/**
 * Documents as rows.
 *
 * <pre>
 * READ_TEXT('docs/*.md')     --expand--> a table of path, text, bytes, modified_at, read when it is scanned
 * CHUNK(text, size, overlap) --expand--> UNNEST(CHUNKS(…)) WITH ORDINALITY
 * </pre>
 *
 * Invariants: only files below allowed locations are read, links resolved; a file that is no UTF-8
 * text is an error.
 */
package dev.kelda.ai.documents;
