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
  PIPE_CLI_DEMO_INCOMPLETE: permanent(
    'The demo did not end with the counts that it expects.',
    'Read the summary table and the logs in the data directory; run it again with --keep to look around.',
  ),
  PIPE_CLI_REPLAY_INVALID: permanent(
    'The replay asks for a place that cannot be understood or does not exist.',
    'Use --from earliest, latest, an offset, or an ISO time, and a partition that the topic has.',
  ),
  PIPE_CLI_USAGE: permanent(
    'The command was called with arguments that it cannot use.',
    'Read the message, or call the command with --help.',
  ),
  PIPE_GATEWAY_BATCH_TOO_LARGE: permanent(
    'One request holds more tasks or more bytes than the gateway takes.',
    'Split the batch; tasks listed in ids were accepted before the limit was met.',
  ),
  PIPE_GATEWAY_BODY_INVALID: permanent(
    'The body is not well-formed JSON, or not of a shape that this route takes.',
    'Send one JSON object, an array of objects, or one object a line as application/x-ndjson.',
  ),
  PIPE_GATEWAY_BODY_TOO_LARGE: permanent(
    'The body is larger than the gateway takes.',
    'Send large batches as application/x-ndjson; store big payloads elsewhere and send a reference.',
  ),
  PIPE_GATEWAY_CONTENT_TYPE: permanent(
    'The content type is missing or not one that this route takes.',
    'Send application/json or application/x-ndjson.',
  ),
  PIPE_GATEWAY_HOST_REFUSED: permanent(
    'The gateway runs without tokens and was called by a host name that is not loopback.',
    'Call it as 127.0.0.1 or localhost, or configure PENSTOCK_TOKENS.',
  ),
  PIPE_GATEWAY_IDEMPOTENCY_CONFLICT: permanent(
    'The Idempotency-Key was used before with another body.',
    'Use a new key for a new task, or repeat the first body unchanged.',
  ),
  PIPE_GATEWAY_INTERNAL: permanent(
    'The gateway met a fault of its own.',
    'Look at the gateway’s log; report it with the lines around the request id.',
  ),
  PIPE_GATEWAY_OVERLOADED: passing(
    'The gateway holds as much work as it may, or is shutting down.',
    'Wait as Retry-After says, then send again.',
  ),
  PIPE_GATEWAY_REQUEST_INVALID: permanent(
    'A header, path or query parameter is malformed or unknown.',
    'Compare the request with the route’s documentation; the message names the parameter.',
  ),
  PIPE_GATEWAY_ROUTE_UNKNOWN: permanent('No such route.', 'Check the method and the path.'),
  PIPE_GATEWAY_TOKENS_REQUIRED: permanent(
    'The gateway was asked to listen beyond loopback without any token configured.',
    'Set PENSTOCK_TOKENS or PENSTOCK_TOKENS_FILE, or PENSTOCK_HTTP_HOST=127.0.0.1.',
  ),
  PIPE_GATEWAY_UNAUTHORIZED: permanent(
    'The request has no valid bearer token.',
    'Send Authorization: Bearer with a token of PENSTOCK_TOKENS.',
  ),
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
  PIPE_TASK_NOT_FOUND: permanent(
    'No attempt of a task with that id is recorded.',
    'Check the id; a new task appears once the sink has written its first rows (penstock status).',
  ),
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
