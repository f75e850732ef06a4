interface CatalogueEntry {
  /** Whether the same task, tried again later, may succeed. */
  readonly retryable: boolean;
  readonly cause: string;
  /** What to do next, in the imperative. */
  readonly remedy: string;
}

const permanent = (cause: string, remedy: string): CatalogueEntry => ({ retryable: false, cause, remedy });
const passing = (cause: string, remedy: string): CatalogueEntry => ({ retryable: true, cause, remedy });

/** Every failure that Penstock names. docs/errors.md is checked against this table by a test. */
export const errorCatalogue = {
  PIPE_STAGE_REJECTED: permanent(
    'The stage called reject().',
    'Read the message; mend the task or the stage, then redrive.',
  ),
  PIPE_STAGE_RETRYABLE: passing(
    'The stage called retryable().',
    'Nothing, unless it ends in the dead letters: then look at what the stage depends on.',
  ),
  PIPE_STAGE_THREW: passing(
    'The stage threw an error it did not classify.',
    'Look at the message; mend the stage, or throw reject() or retryable() to say which it is.',
  ),
  PIPE_STAGE_TIMEOUT: passing(
    'The attempt ran longer than the stage’s timeoutMs.',
    'Raise timeoutMs, or make the stage honour ctx.signal and do less per task.',
  ),
  PIPE_STAGE_OUTPUT_INVALID: permanent(
    'The stage returned an output that does not fit the schema of the stage it names.',
    'Compare the output with the input schema of that stage.',
  ),
  PIPE_STAGE_UNKNOWN: permanent(
    'An output or a request names a stage that the pipeline does not have.',
    'Use one of the stage names of the pipeline (penstock topics list).',
  ),
  PIPE_PIPELINE_UNKNOWN: permanent(
    'No pipeline of that name is known here.',
    'Check the spelling, or load its module with --module.',
  ),
  PIPE_TASK_EMPTY: permanent('The record has no value.', 'Produce a JSON object or a framed Avro record as the value.'),
  PIPE_TASK_NOT_JSON: permanent(
    'The value is neither framed Avro nor JSON.',
    'Produce a JSON object, or Avro with the five-byte Confluent prefix.',
  ),
  PIPE_TASK_SCHEMA_MISMATCH: permanent(
    'The payload does not fit the input schema of the stage.',
    'Compare the payload with the schema named in the message.',
  ),
  PIPE_TASK_SCHEMA_UNKNOWN: permanent(
    'The registry does not know the schema id in the value.',
    'Register the schema first, and use the id that the registry gave.',
  ),
  PIPE_TASK_TOO_LARGE: permanent(
    'The value is larger than the limit.',
    'Store the bytes elsewhere and send a reference to them.',
  ),
  PIPE_TASK_AVRO_UNSAFE: permanent(
    'The Avro body claims more items than its bytes can hold.',
    'Look at the producer: the record is damaged or hostile.',
  ),
  PIPE_REGISTRY_UNAVAILABLE: passing(
    'The schema registry did not answer.',
    'Check PENSTOCK_REGISTRY_URL and that the registry runs (penstock status).',
  ),
  PIPE_BROKER_UNAVAILABLE: passing(
    'No Kafka broker answered.',
    'Check PENSTOCK_BROKERS and that Kafka runs (penstock status).',
  ),
  PIPE_CLICKHOUSE_UNAVAILABLE: passing(
    'ClickHouse did not answer.',
    'Check PENSTOCK_CLICKHOUSE_URL and that ClickHouse runs (penstock status).',
  ),
  PIPE_CONFIG_INVALID: permanent(
    'One or more settings are missing or wrong.',
    'Mend each setting that the message lists (penstock config shows the effective ones).',
  ),
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof errorCatalogue;
