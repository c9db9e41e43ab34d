/**
 * Models called from SQL and over HTTP.
 *
 * <pre>
 * PREDICT('m@champion', a, b) --bind--> ai.predict:m@3 --evaluate--> Models --> a vector
 * ML_PREDICT(TABLE t, …)      --expand--> SELECT *, PREDICT(…) FROM t
 * POST /v2/models/m/infer     --> Models --> JSON
 * </pre>
 *
 * Invariants: a row with a NULL predicts NULL; a statement keeps the version it was planned with.
 */
package dev.kelda.ai.predict;
