/**
 * The statements about feature views.
 *
 * <pre>
 * CreateFeatureView --Definitions (checks, lineage)--> FeatureView --ViewTables--> table or view
 * SHOW, DESCRIBE, system.feature_views, system.lineage --> rows
 * </pre>
 *
 * Invariants: planning checks everything and changes nothing; errors point into the text.
 */
package dev.kelda.feature.statement;
