/**
 * Online views to those who ask.
 *
 * <pre>
 * SELECT … FROM ONLINE(v) WHERE key = ?      --OnlineShortcut--&gt; Lookups        no planner, no native engine
 * the same with expressions, joins, keys =&gt;  --OnlineFunction--&gt; planner --&gt; OnlineTable, ONLINE_ROW --&gt; Lookups
 * DoExchange online/v                        --OnlineExchange--&gt; Lookups
 * POST /get-online-features, /push           --FeastRoutes--&gt; Lookups, Pushes
 * POST /v2/models/{model}/predict            --PredictionRoute--&gt; PREDICT over ONLINE_ROW in SQL
 * </pre>
 *
 * Invariants: every way finds views by {@link dev.kelda.feature.online.OnlineCatalog} alone; the
 * same query gives the same rows by every way.
 */
package dev.kelda.feature.serving;
