-- A model is its versions; a version never changes but for tags and metrics.
CREATE TABLE ai_model_versions (
  model TEXT NOT NULL,
  version BIGINT NOT NULL,
  hash TEXT NOT NULL,
  size BIGINT NOT NULL,
  signature TEXT NOT NULL,
  source TEXT NOT NULL,
  training_dataset TEXT NOT NULL,
  tags TEXT NOT NULL,
  metrics TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY (model, version)
);
CREATE TABLE ai_model_aliases (
  model TEXT NOT NULL,
  alias TEXT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (model, alias)
);
