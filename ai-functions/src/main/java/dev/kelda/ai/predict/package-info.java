/**
 * Models called from SQL.
 *
 * <pre>
 * PREDICT('m@champion', a, b) --bind--> ai.predict:m@3 --evaluate--> Models --> a vector
 * ML_PREDICT(TABLE t, …)      --expand--> SELECT *, PREDICT(…) FROM t
 * </pre>
 *
 * Invariants: a row with a NULL predicts NULL; a statement keeps the version it was planned with.
 */
package dev.kelda.ai.predict;
