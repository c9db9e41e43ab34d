-- A training dataset is its versions; the highest that is complete is the one its name means.
CREATE TABLE training_dataset_versions (
  catalog TEXT NOT NULL,
  schema_name TEXT NOT NULL,
  name TEXT NOT NULL,
  version BIGINT NOT NULL,
  state TEXT NOT NULL,
  recipe TEXT NOT NULL,
  contents TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY (catalog, schema_name, name, version)
);
