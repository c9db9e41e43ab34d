/**
 * Searches in FROM, from the call to the plan.
 *
 * <pre>
 * Search (spi) --SearchSelect--> SELECT columns, $search(query, count) FROM rows
 *              --validated, converted; SearchNodes--> Project(SearchNode(queries, rows))
 *              --rules: conditions go below, LATERAL becomes the queries input--> SearchNode
 *              --encode.SearchEncoder--> candidates, hits, unnest, join with the rows found
 * </pre>
 *
 * Invariants: the marker function never outlives conversion; conditions on the rows' columns alone
 * stand below the search, so that they act before the best rows are taken.
 */
package dev.kelda.planner.search;
