-- One row per execution of a stage for a task, and one per task that the gateway accepted.
--
-- Identity: the row's place in the topic penstock.attempts (record_partition, record_offset, record_index). A redelivery
-- and a replay run the same task record again, and both runs are history, so nothing of the task itself can identify a row.
-- The deduplication window is what makes a repeated insert of the sink harmless: off by default on a plain MergeTree.
-- task_id is a String, not a UUID: producers may choose any text as an id (an order number, a CloudEvents id).
-- No Nullable: an empty string or 0 says "none", and reads faster.
CREATE TABLE IF NOT EXISTS attempts ON CLUSTER '{cluster}'
(
    event_time        DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    started_at        DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    pipeline          LowCardinality(String),
    stage             LowCardinality(String),
    outcome           Enum8('ok' = 1, 'retry' = 2, 'dead' = 3, 'cancelled' = 4, 'expired' = 5, 'skipped' = 6, 'accepted' = 7, 'running' = 8),
    task_id           String CODEC(ZSTD(1)),
    parent_id         String CODEC(ZSTD(1)),
    tenant            LowCardinality(String),
    attempt           UInt32 CODEC(T64, ZSTD(1)),
    queue_ms          UInt64 CODEC(T64, ZSTD(1)),
    run_ms            UInt64 CODEC(T64, ZSTD(1)),
    bytes_in          UInt64 CODEC(T64, ZSTD(1)),
    bytes_out         UInt64 CODEC(T64, ZSTD(1)),
    worker            LowCardinality(String),
    code_version      LowCardinality(String),
    error_code        LowCardinality(String),
    error_fingerprint LowCardinality(String),
    error_message     String CODEC(ZSTD(3)),
    topic             LowCardinality(String),
    partition         UInt32 CODEC(T64, ZSTD(1)),
    offset            UInt64 CODEC(Delta, ZSTD(1)),
    next_stage        LowCardinality(String),
    replay_id         String CODEC(ZSTD(1)),
    trace_id          String CODEC(ZSTD(1)),
    attrs             Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    record_partition  UInt32 CODEC(T64, ZSTD(1)),
    record_offset     UInt64 CODEC(Delta, ZSTD(1)),
    record_index      UInt32 CODEC(T64, ZSTD(1)),
    INDEX task_id_bloom task_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
PARTITION BY toDate(event_time)
PRIMARY KEY (pipeline, stage, toStartOfMinute(event_time))
ORDER BY (pipeline, stage, toStartOfMinute(event_time), topic, partition, offset, record_partition, record_offset, record_index)
TTL toDateTime(event_time) + INTERVAL 90 DAY DELETE
SETTINGS ttl_only_drop_parts = 1, replicated_deduplication_window = 10000;
