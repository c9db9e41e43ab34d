/**
 * Which feature views there are, and the tables and views of catalogs behind them.
 *
 * <pre>
 * name[@version] --FeatureViewRegistry (metastore)--> FeatureView: definition, options, lineage
 * FeatureView    --ViewTables (catalog)-----------> v: the current version's table; v@1: an older one's
 * name in a query --FeatureViewResolver-----------> its table, or its query while it has no rows
 * </pre>
 *
 * Invariants: the highest ready version is the current one; versions count from 1 and are not used
 * again while the view lives; what is noted as begun is completed by whoever meets it next, so that
 * a crash leaves nothing half done; a version's definition never changes.
 */
package dev.kelda.feature.registry;
