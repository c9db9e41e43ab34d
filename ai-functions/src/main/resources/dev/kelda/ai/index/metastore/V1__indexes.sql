-- An index is on one table, which is found again by its identity when it is renamed. Its files are in the home folder of each
-- server and can be made anew; what was measured is of the server that refreshed it last.
CREATE TABLE ai_index_definitions (
  id TEXT NOT NULL PRIMARY KEY,
  catalog TEXT NOT NULL,
  schema_name TEXT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  table_identity TEXT NOT NULL,
  table_name TEXT NOT NULL,
  columns TEXT NOT NULL,
  model TEXT NOT NULL,
  options TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  UNIQUE (catalog, schema_name, name)
);
CREATE TABLE ai_index_states (
  id TEXT NOT NULL PRIMARY KEY,
  version TEXT NOT NULL,
  rows_indexed BIGINT NOT NULL,
  bytes BIGINT NOT NULL,
  recall DOUBLE PRECISION,
  refreshed_at BIGINT NOT NULL,
  problem TEXT NOT NULL
);
