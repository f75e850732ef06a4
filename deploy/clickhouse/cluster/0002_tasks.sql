-- One row per task: where it is and what became of it, from its newest attempt.
--
-- Which row is the newest (newness, the larger the newer): by event_time; workers stamp an attempt no earlier than the
-- record that they read, so time does not run backwards along a task. Within one millisecond the acceptance comes
-- first, then the attempt whose own record is older (a stage's record is made by the stage before it), then a passing
-- outcome before a final one. A skipped run decides nothing where there is another row.
-- newness is one number because argMax over a tuple is six times slower (900 k rows: 2.9 s against 0.5 s).
-- submitted_at is when the first record was produced, which is where its first attempt's waiting began.
-- finished_at is NULL while the task is not done. attempts counts executions.
CREATE OR REPLACE VIEW tasks ON CLUSTER '{cluster}' AS
SELECT
    task_id,
    pipeline,
    if(last_outcome = 'ok' AND last_next != '', last_next, last_stage) AS stage,
    multiIf(
        last_outcome = 'accepted' OR (last_outcome = 'ok' AND last_next != ''), 'queued',
        last_outcome = 'running', 'running',
        last_outcome = 'retry', 'waiting',
        last_outcome IN ('ok', 'skipped'), 'succeeded',
        toString(last_outcome)
    ) AS state,
    fromUnixTimestamp64Milli(first_ms, 'UTC') AS submitted_at,
    if(state IN ('queued', 'running', 'waiting'), NULL, last_time) AS finished_at,
    attempts
FROM
(
    SELECT
        task_id,
        pipeline,
        argMax(stage, newness) AS last_stage,
        argMax(outcome, newness) AS last_outcome,
        argMax(next_stage, newness) AS last_next,
        argMax(event_time, newness) AS last_time,
        min(record_ms) AS first_ms,
        countIf(outcome NOT IN ('accepted', 'running')) AS attempts
    FROM
    (
        SELECT
            task_id, pipeline, stage, outcome, next_stage, event_time,
            greatest(toUnixTimestamp64Milli(started_at) - toInt64(queue_ms), 0) AS record_ms,
            multiIf(outcome = 'running', 0, outcome = 'retry', 1, 1 + toUInt8(outcome)) AS finality,
            toUInt128(toUInt64(outcome != 'skipped') * 281474976710656 + toUnixTimestamp64Milli(event_time)) * 2 + (outcome != 'accepted') AS moment,
            ((moment * toUInt128(281474976710656) + record_ms) * 16 + finality) * 2 + (next_stage = '') AS newness
        FROM attempts
    )
    GROUP BY task_id, pipeline
);
