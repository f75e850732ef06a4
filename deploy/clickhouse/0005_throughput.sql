-- What happened in each second, minute, hour and day, by pipeline, stage and outcome.
--
-- Each is fed straight from attempts, not one from the other: so each can be made again alone (penstock stats rebuild).
-- A roll-up adds up what it is fed, so an insert that is repeated must not feed it twice: the token of the insert covers
-- the views too (deduplicate_blocks_in_dependent_materialized_views), and each table remembers its last 10 000 inserts.
-- accepted rows count what came in; they ran for no time. What was recorded before is added once, under a token too.
CREATE TABLE IF NOT EXISTS throughput_1s
(
    t         DateTime('UTC') CODEC(Delta, ZSTD(1)),
    pipeline  LowCardinality(String),
    stage     LowCardinality(String),
    outcome   Enum8('ok' = 1, 'retry' = 2, 'dead' = 3, 'cancelled' = 4, 'expired' = 5, 'skipped' = 6, 'accepted' = 7, 'running' = 8),
    tasks     SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    bytes     SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    bytes_out SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    run       AggregateFunction(quantilesTDigest(0.5, 0.9, 0.95, 0.99), UInt64),
    wait      AggregateFunction(quantilesTDigest(0.5, 0.9, 0.95, 0.99), UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toDate(t)
ORDER BY (pipeline, t, stage, outcome)
TTL t + INTERVAL 1 DAY DELETE
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000;
INSERT INTO throughput_1s
SELECT
    toDateTime(event_time) AS t,
    pipeline,
    stage,
    outcome,
    count() AS tasks,
    sum(bytes_in) AS bytes,
    sum(attempts.bytes_out) AS bytes_out,
    quantilesTDigestState(0.5, 0.9, 0.95, 0.99)(run_ms) AS run,
    quantilesTDigestState(0.5, 0.9, 0.95, 0.99)(queue_ms) AS wait
FROM attempts FINAL
GROUP BY t, pipeline, stage, outcome
SETTINGS insert_deduplication_token = 'migrate:throughput_1s', max_threads = 1;
CREATE MATERIALIZED VIEW IF NOT EXISTS throughput_1s_feed TO throughput_1s AS
SELECT
    toDateTime(event_time) AS t,
    pipeline,
    stage,
    outcome,
    count() AS tasks,
    sum(bytes_in) AS bytes,
    sum(attempts.bytes_out) AS bytes_out,
    quantilesTDigestState(0.5, 0.9, 0.95, 0.99)(run_ms) AS run,
    quantilesTDigestState(0.5, 0.9, 0.95, 0.99)(queue_ms) AS wait
FROM attempts
GROUP BY t, pipeline, stage, outcome;
CREATE TABLE IF NOT EXISTS throughput_1m
(
    t         DateTime('UTC') CODEC(Delta, ZSTD(1)),
    pipeline  LowCardinality(String),
    stage     LowCardinality(String),
    outcome   Enum8('ok' = 1, 'retry' = 2, 'dead' = 3, 'cancelled' = 4, 'expired' = 5, 'skipped' = 6, 'accepted' = 7, 'running' = 8),
    tasks     SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    bytes     SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    bytes_out SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    run       AggregateFunction(quantilesTDigest(0.5, 0.9, 0.95, 0.99), UInt64),
    wait      AggregateFunction(quantilesTDigest(0.5, 0.9, 0.95, 0.99), UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toDate(t)
ORDER BY (pipeline, t, stage, outcome)
TTL t + INTERVAL 30 DAY DELETE
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000;
INSERT INTO throughput_1m
SELECT
    toStartOfMinute(event_time) AS t,
    pipeline,
    stage,
    outcome,
    count() AS tasks,
    sum(bytes_in) AS bytes,
    sum(attempts.bytes_out) AS bytes_out,
    quantilesTDigestState(0.5, 0.9, 0.95, 0.99)(run_ms) AS run,
    quantilesTDigestState(0.5, 0.9, 0.95, 0.99)(queue_ms) AS wait
FROM attempts FINAL
GROUP BY t, pipeline, stage, outcome
SETTINGS insert_deduplication_token = 'migrate:throughput_1m', max_threads = 1;
CREATE MATERIALIZED VIEW IF NOT EXISTS throughput_1m_feed TO throughput_1m AS
SELECT
    toStartOfMinute(event_time) AS t,
    pipeline,
    stage,
    outcome,
    count() AS tasks,
    sum(bytes_in) AS bytes,
    sum(attempts.bytes_out) AS bytes_out,
    quantilesTDigestState(0.5, 0.9, 0.95, 0.99)(run_ms) AS run,
    quantilesTDigestState(0.5, 0.9, 0.95, 0.99)(queue_ms) AS wait
FROM attempts
GROUP BY t, pipeline, stage, outcome;
CREATE TABLE IF NOT EXISTS throughput_1h
(
    t         DateTime('UTC') CODEC(Delta, ZSTD(1)),
    pipeline  LowCardinality(String),
    stage     LowCardinality(String),
    outcome   Enum8('ok' = 1, 'retry' = 2, 'dead' = 3, 'cancelled' = 4, 'expired' = 5, 'skipped' = 6, 'accepted' = 7, 'running' = 8),
    tasks     SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    bytes     SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    bytes_out SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    run       AggregateFunction(quantilesTDigest(0.5, 0.9, 0.95, 0.99), UInt64),
    wait      AggregateFunction(quantilesTDigest(0.5, 0.9, 0.95, 0.99), UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(t)
ORDER BY (pipeline, t, stage, outcome)
TTL t + INTERVAL 400 DAY DELETE
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000;
INSERT INTO throughput_1h
SELECT
    toStartOfHour(event_time) AS t,
    pipeline,
    stage,
    outcome,
    count() AS tasks,
    sum(bytes_in) AS bytes,
    sum(attempts.bytes_out) AS bytes_out,
    quantilesTDigestState(0.5, 0.9, 0.95, 0.99)(run_ms) AS run,
    quantilesTDigestState(0.5, 0.9, 0.95, 0.99)(queue_ms) AS wait
FROM attempts FINAL
GROUP BY t, pipeline, stage, outcome
SETTINGS insert_deduplication_token = 'migrate:throughput_1h', max_threads = 1;
CREATE MATERIALIZED VIEW IF NOT EXISTS throughput_1h_feed TO throughput_1h AS
SELECT
    toStartOfHour(event_time) AS t,
    pipeline,
    stage,
    outcome,
    count() AS tasks,
    sum(bytes_in) AS bytes,
    sum(attempts.bytes_out) AS bytes_out,
    quantilesTDigestState(0.5, 0.9, 0.95, 0.99)(run_ms) AS run,
    quantilesTDigestState(0.5, 0.9, 0.95, 0.99)(queue_ms) AS wait
FROM attempts
GROUP BY t, pipeline, stage, outcome;
CREATE TABLE IF NOT EXISTS throughput_1d
(
    t         DateTime('UTC') CODEC(Delta, ZSTD(1)),
    pipeline  LowCardinality(String),
    stage     LowCardinality(String),
    outcome   Enum8('ok' = 1, 'retry' = 2, 'dead' = 3, 'cancelled' = 4, 'expired' = 5, 'skipped' = 6, 'accepted' = 7, 'running' = 8),
    tasks     SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    bytes     SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    bytes_out SimpleAggregateFunction(sum, UInt64) CODEC(T64, ZSTD(1)),
    run       AggregateFunction(quantilesTDigest(0.5, 0.9, 0.95, 0.99), UInt64),
    wait      AggregateFunction(quantilesTDigest(0.5, 0.9, 0.95, 0.99), UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYear(t)
ORDER BY (pipeline, t, stage, outcome)
TTL t + INTERVAL 3650 DAY DELETE
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000, replicated_deduplication_window = 10000;
INSERT INTO throughput_1d
SELECT
    toDateTime(toDate(event_time), 'UTC') AS t,
    pipeline,
    stage,
    outcome,
    count() AS tasks,
    sum(bytes_in) AS bytes,
    sum(attempts.bytes_out) AS bytes_out,
    quantilesTDigestState(0.5, 0.9, 0.95, 0.99)(run_ms) AS run,
    quantilesTDigestState(0.5, 0.9, 0.95, 0.99)(queue_ms) AS wait
FROM attempts FINAL
GROUP BY t, pipeline, stage, outcome
SETTINGS insert_deduplication_token = 'migrate:throughput_1d', max_threads = 1;
CREATE MATERIALIZED VIEW IF NOT EXISTS throughput_1d_feed TO throughput_1d AS
SELECT
    toDateTime(toDate(event_time), 'UTC') AS t,
    pipeline,
    stage,
    outcome,
    count() AS tasks,
    sum(bytes_in) AS bytes,
    sum(attempts.bytes_out) AS bytes_out,
    quantilesTDigestState(0.5, 0.9, 0.95, 0.99)(run_ms) AS run,
    quantilesTDigestState(0.5, 0.9, 0.95, 0.99)(queue_ms) AS wait
FROM attempts
GROUP BY t, pipeline, stage, outcome;
