-- A feature view is its versions; the highest that is ready is the current one. What a version says
-- never changes but for its options.
CREATE TABLE feature_view_versions (
  catalog TEXT NOT NULL,
  schema_name TEXT NOT NULL,
  name TEXT NOT NULL,
  version BIGINT NOT NULL,
  state TEXT NOT NULL,
  definition TEXT NOT NULL,
  options TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY (catalog, schema_name, name, version)
);
