-- When the task was submitted: the same in every row of a task, so a list of tasks can be kept in its order.
-- Rows of before say 0, and are shown by when their record was produced.
ALTER TABLE attempts ON CLUSTER '{cluster}' ADD COLUMN IF NOT EXISTS submitted_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) AFTER started_at;
