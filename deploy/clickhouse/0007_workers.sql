-- How far each consumer group is behind, every few seconds, from the worker that owns the partition. No row: nobody owned it.
CREATE TABLE IF NOT EXISTS group_lag
(
    t          DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    group      LowCardinality(String),
    topic      LowCardinality(String),
    partition  UInt32 CODEC(T64, ZSTD(1)),
    committed  UInt64 CODEC(Delta, ZSTD(1)),
    end_offset UInt64 CODEC(Delta, ZSTD(1)),
    lag        UInt64 CODEC(T64, ZSTD(1)),
    worker     LowCardinality(String)
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(t)
ORDER BY (group, topic, t, partition)
TTL toDateTime(t) + INTERVAL 30 DAY DELETE
SETTINGS ttl_only_drop_parts = 1;
-- What each worker says of itself: one row a stage, every few seconds. Counts run from its start.
CREATE TABLE IF NOT EXISTS workers
(
    t            DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    worker       LowCardinality(String),
    pipeline     LowCardinality(String),
    stage        LowCardinality(String),
    started_at   DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    code_version LowCardinality(String),
    partitions   UInt32 CODEC(T64, ZSTD(1)),
    in_flight    UInt32 CODEC(T64, ZSTD(1)),
    queued       UInt32 CODEC(T64, ZSTD(1)),
    done         UInt64 CODEC(T64, ZSTD(1)),
    failed       UInt64 CODEC(T64, ZSTD(1)),
    retried      UInt64 CODEC(T64, ZSTD(1)),
    expired      UInt64 CODEC(T64, ZSTD(1)),
    memory_bytes UInt64 CODEC(T64, ZSTD(1)),
    is_leaving   Bool
)
ENGINE = ReplacingMergeTree
PARTITION BY toDate(t)
ORDER BY (worker, pipeline, stage, t)
TTL toDateTime(t) + INTERVAL 30 DAY DELETE
SETTINGS ttl_only_drop_parts = 1;
