-- Times are microseconds of UTC. A running row whose server lives has a seen_at of less than a minute ago.
CREATE TABLE engine_runs (
  run_id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  target TEXT NOT NULL,
  user_name TEXT NOT NULL,
  query_id TEXT,
  state TEXT NOT NULL,
  done BIGINT NOT NULL,
  total BIGINT,
  unit TEXT NOT NULL,
  detail TEXT,
  started_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  ended_at BIGINT,
  error TEXT
);
CREATE INDEX engine_runs_started_at ON engine_runs (started_at);
