/**
 * In: a relational tree as converted. Out: an equal tree that is cheaper to run: sub-queries are
 * joins, conditions stand at their tables, joins are ordered by cost, unused columns are gone.
 *
 * <p>{@link dev.kelda.planner.rules.PlannerRules} lists every phase with its rules; each phase can
 * be switched off by its name. Rules that are wrong in Calcite 1.42 are left out there.
 */
package dev.kelda.planner.rules;
