-- As before, and: a task whose time has not come may go round over a retry topic. Each round leaves a row that says
-- skipped and names the stage itself as the next: it is waiting, and it was no attempt.
CREATE OR REPLACE VIEW tasks ON CLUSTER '{cluster}' AS
SELECT
    task_id,
    pipeline,
    if(last_outcome = 'ok' AND last_next != '', last_next, last_stage) AS stage,
    multiIf(
        last_outcome = 'accepted' OR (last_outcome = 'ok' AND last_next != ''), 'queued',
        last_outcome = 'running', 'running',
        last_outcome = 'retry' OR (last_outcome = 'skipped' AND last_next != ''), 'waiting',
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
        countIf(outcome NOT IN ('accepted', 'running') AND NOT (outcome = 'skipped' AND next_stage != '')) AS attempts
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
