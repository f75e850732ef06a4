-- Failures of each minute by fingerprint: code and message with numbers, ids and quotes blanked. One example of each is kept.
CREATE TABLE IF NOT EXISTS errors_1m ON CLUSTER '{cluster}'
(
    t                 DateTime('UTC') CODEC(Delta, ZSTD(1)),
    pipeline          LowCardinality(String),
    stage             LowCardinality(String),
    error_fingerprint LowCardinality(String),
    error_code        LowCardinality(String),
    errors            SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    dead              SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    first_seen        SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    last_seen         SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    error_message     SimpleAggregateFunction(max, String) CODEC(ZSTD(3)),
    task_id           SimpleAggregateFunction(max, String) CODEC(ZSTD(1))
)
ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
PARTITION BY toDate(t)
ORDER BY (pipeline, t, stage, error_fingerprint, error_code)
TTL t + INTERVAL 90 DAY DELETE
SETTINGS ttl_only_drop_parts = 1, replicated_deduplication_window = 10000;
INSERT INTO errors_1m
SELECT
    toStartOfMinute(event_time) AS t,
    pipeline,
    stage,
    error_fingerprint,
    error_code,
    count() AS errors,
    countIf(outcome = 'dead') AS dead,
    min(event_time) AS first_seen,
    max(event_time) AS last_seen,
    max(attempts.error_message) AS error_message,
    max(attempts.task_id) AS task_id
FROM attempts FINAL
WHERE error_code != ''
GROUP BY t, pipeline, stage, error_fingerprint, error_code
SETTINGS insert_deduplication_token = 'migrate:errors_1m', max_threads = 1;
CREATE MATERIALIZED VIEW IF NOT EXISTS errors_1m_feed ON CLUSTER '{cluster}' TO errors_1m AS
SELECT
    toStartOfMinute(event_time) AS t,
    pipeline,
    stage,
    error_fingerprint,
    error_code,
    count() AS errors,
    countIf(outcome = 'dead') AS dead,
    min(event_time) AS first_seen,
    max(event_time) AS last_seen,
    max(attempts.error_message) AS error_message,
    max(attempts.task_id) AS task_id
FROM attempts
WHERE error_code != ''
GROUP BY t, pipeline, stage, error_fingerprint, error_code;
