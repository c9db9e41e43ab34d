/**
 * Correlated joins to joins. Every sub-query that looks at an outer row is computed once for all
 * different values of the outer row, and then joined with it: T. Neumann and A. Kemper, "Unnesting
 * Arbitrary Queries", BTW 2015. Takes the place of Calcite's decorrelation, which loses the
 * correlation of windows, of two levels and of outer joins.
 */
package dev.kelda.planner.decorrelate;
