-- One row per submission of a task, in that order, so that the newest tasks are read without looking at all of them.
--
-- newest is the newest row of the task, packed into one text: argMax over a tuple is many times slower. newness is
-- explained in 0002. Rows of before 0004 do not say when their task was submitted: each stands by its own record (a wait
-- of more than a year is none). Newest row, smallest submission and sum of attempts do not depend on the order of rows.
CREATE TABLE IF NOT EXISTS task_states
(
    pipeline     LowCardinality(String),
    task_id      String CODEC(ZSTD(1)),
    submitted_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    attempts     SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    newest       AggregateFunction(argMax, String, UInt128) CODEC(ZSTD(1)),
    INDEX task_id_bloom task_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = AggregatingMergeTree
PRIMARY KEY (pipeline, submitted_at)
ORDER BY (pipeline, submitted_at, task_id)
TTL toDateTime(submitted_at) + INTERVAL 90 DAY DELETE
SETTINGS non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000;
INSERT INTO task_states
SELECT
    pipeline,
    task_id,
    if(toUnixTimestamp64Milli(submitted_at) > 0, submitted_at, fromUnixTimestamp64Milli(record_ms, 'UTC')) AS submitted_at,
    countIf(outcome NOT IN ('accepted', 'running') AND NOT (outcome = 'skipped' AND next_stage != '')) AS attempts,
    argMaxState(packed, newness) AS newest
FROM
(
    SELECT
        task_id, pipeline, outcome, next_stage, submitted_at,
        concat(toString(outcome), '\0', stage, '\0', next_stage, '\0', toString(toUnixTimestamp64Milli(event_time))) AS packed,
        toUnixTimestamp64Milli(started_at) - toInt64(queue_ms) AS waited_ms,
        if(waited_ms > toUnixTimestamp64Milli(event_time) - 31622400000, waited_ms, toUnixTimestamp64Milli(event_time)) AS record_ms,
        multiIf(outcome = 'running', 0, outcome = 'retry', 1, 1 + toUInt8(outcome)) AS finality,
        toUInt128(toUInt64(outcome != 'skipped') * 281474976710656 + toUnixTimestamp64Milli(event_time)) * 2 + (outcome != 'accepted') AS moment,
        toUInt128(((moment * toUInt128(281474976710656) + record_ms) * 16 + finality) * 2 + (next_stage = '')) AS newness
    FROM attempts FINAL
)
GROUP BY pipeline, task_id, submitted_at
SETTINGS insert_deduplication_token = 'migrate:task_states', max_threads = 1;
CREATE MATERIALIZED VIEW IF NOT EXISTS task_states_feed TO task_states AS
SELECT
    pipeline,
    task_id,
    if(toUnixTimestamp64Milli(submitted_at) > 0, submitted_at, fromUnixTimestamp64Milli(record_ms, 'UTC')) AS submitted_at,
    countIf(outcome NOT IN ('accepted', 'running') AND NOT (outcome = 'skipped' AND next_stage != '')) AS attempts,
    argMaxState(packed, newness) AS newest
FROM
(
    SELECT
        task_id, pipeline, outcome, next_stage, submitted_at,
        concat(toString(outcome), '\0', stage, '\0', next_stage, '\0', toString(toUnixTimestamp64Milli(event_time))) AS packed,
        toUnixTimestamp64Milli(started_at) - toInt64(queue_ms) AS waited_ms,
        if(waited_ms > toUnixTimestamp64Milli(event_time) - 31622400000, waited_ms, toUnixTimestamp64Milli(event_time)) AS record_ms,
        multiIf(outcome = 'running', 0, outcome = 'retry', 1, 1 + toUInt8(outcome)) AS finality,
        toUInt128(toUInt64(outcome != 'skipped') * 281474976710656 + toUnixTimestamp64Milli(event_time)) * 2 + (outcome != 'accepted') AS moment,
        toUInt128(((moment * toUInt128(281474976710656) + record_ms) * 16 + finality) * 2 + (next_stage = '')) AS newness
    FROM attempts
)
GROUP BY pipeline, task_id, submitted_at;
-- One row per task, whatever it was submitted how often. A condition on task_id reaches the index of the table.
CREATE OR REPLACE VIEW tasks AS
SELECT
    task_id,
    pipeline,
    if(last_outcome = 'ok' AND last_next != '', last_next, last_stage) AS stage,
    multiIf(
        last_outcome = 'accepted' OR (last_outcome = 'ok' AND last_next != ''), 'queued',
        last_outcome = 'running', 'running',
        last_outcome = 'retry' OR (last_outcome = 'skipped' AND last_next != ''), 'waiting',
        last_outcome IN ('ok', 'skipped'), 'succeeded',
        last_outcome
    ) AS state,
    submitted_at,
    if(state IN ('queued', 'running', 'waiting'), NULL, last_time) AS finished_at,
    attempts
FROM
(
    SELECT
        task_id,
        pipeline,
        min(task_states.submitted_at) AS submitted_at,
        splitByChar('\0', argMaxMerge(newest)) AS last,
        last[1] AS last_outcome,
        last[2] AS last_stage,
        last[3] AS last_next,
        fromUnixTimestamp64Milli(toInt64OrZero(last[4]), 'UTC') AS last_time,
        sum(task_states.attempts) AS attempts
    FROM task_states
    GROUP BY task_id, pipeline
);
-- One row per submission: conditions on pipeline and submitted_at reach the table's key, so a list of the newest is quick.
CREATE OR REPLACE VIEW task_submissions AS
SELECT
    task_id,
    pipeline,
    if(last_outcome = 'ok' AND last_next != '', last_next, last_stage) AS stage,
    multiIf(
        last_outcome = 'accepted' OR (last_outcome = 'ok' AND last_next != ''), 'queued',
        last_outcome = 'running', 'running',
        last_outcome = 'retry' OR (last_outcome = 'skipped' AND last_next != ''), 'waiting',
        last_outcome IN ('ok', 'skipped'), 'succeeded',
        last_outcome
    ) AS state,
    submitted_at,
    if(state IN ('queued', 'running', 'waiting'), NULL, last_time) AS finished_at,
    attempts
FROM
(
    SELECT
        task_id,
        pipeline,
        submitted_at,
        splitByChar('\0', argMaxMerge(newest)) AS last,
        last[1] AS last_outcome,
        last[2] AS last_stage,
        last[3] AS last_next,
        fromUnixTimestamp64Milli(toInt64OrZero(last[4]), 'UTC') AS last_time,
        sum(task_states.attempts) AS attempts
    FROM task_states
    GROUP BY task_id, pipeline, submitted_at
);
