/**
 * UPDATE, DELETE and MERGE as queries.
 *
 * <pre>
 * SELECT clause number, every clause's values FROM target [JOIN source ON …] [WHERE …]   (ChangeQuery)
 *   -> filter: some clause applies
 *   -> project: per column a CASE over the clause number; file, position, action           (ChangeShape)
 * </pre>
 *
 * Invariants: a clause's values are computed only for rows that it applies to; values are cast to
 * their columns as in INSERT.
 */
package dev.kelda.planner.change;
