-- How a version makes vectors of texts, as JSON; empty = it predicts.
ALTER TABLE ai_model_versions ADD COLUMN text_model TEXT NOT NULL DEFAULT '';
