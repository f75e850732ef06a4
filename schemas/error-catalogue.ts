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
  PIPE_CLI_ROLE_ENDED: permanent(
    'A gateway, worker or sink that this command started ended by itself.',
    'Read its last lines above, or its log in the data directory.',
  ),
  PIPE_CLI_USAGE: permanent(
    'The command was called with arguments that it cannot use.',
    'Read the message, or call the command with --help.',
  ),
  PIPE_CLI_WAIT_TIMEOUT: permanent(
    'The tasks that the command waited for have not all ended in time.',
    'Look at one of them with penstock task, and whether worker and sink run (penstock status); raise --timeout.',
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
    'The content type is missing or not one that this route takes, or the content encoding is unknown.',
    'Send application/json, application/x-ndjson or application/cloudevents+json, as it is or as gzip, deflate or br.',
  ),
  PIPE_GATEWAY_EVENT_INVALID: permanent(
    'The request is meant as a CloudEvent, but lacks a required attribute or has a malformed one.',
    'Give specversion 1.0, id, source and type, and data that is JSON (https://cloudevents.io).',
  ),
  PIPE_GATEWAY_FORBIDDEN: permanent(
    'The token is known, but lacks the role, the tenant or the pipeline that this request needs.',
    'Use a token with that role (penstock token create --help), or leave the tenant out: the token’s own is taken.',
  ),
  PIPE_GATEWAY_HOST_REFUSED: permanent(
    'The gateway runs without tokens and was called by a host name that is not loopback.',
    'Call it as 127.0.0.1 or localhost, or configure PENSTOCK_TOKENS.',
  ),
  PIPE_GATEWAY_IDEMPOTENCY_CONFLICT: permanent(
    'The Idempotency-Key was used before with another body.',
    'Use a new key for a new task, or repeat the first body unchanged.',
  ),
  PIPE_GATEWAY_IDEMPOTENCY_IN_FLIGHT: passing(
    'The first request with this Idempotency-Key, or this event, still waits for Kafka.',
    'Send it again after a moment: it is answered like the first.',
  ),
  PIPE_GATEWAY_INTERNAL: permanent(
    'The gateway met a fault of its own.',
    'Look at the gateway’s log; report it with the lines around the request id.',
  ),
  PIPE_GATEWAY_LISTEN_FAILED: permanent(
    'The address that the gateway should listen on is taken or not one of this machine.',
    'Choose another with PENSTOCK_HTTP_PORT or PENSTOCK_HTTP_HOST, or end the process that holds it.',
  ),
  PIPE_GATEWAY_METHOD_UNKNOWN: permanent('The path exists, but not with this method.', 'Use one of those in Allow.'),
  PIPE_GATEWAY_ORIGIN_REFUSED: permanent(
    'A web page of another origin tried to write to a gateway that runs without tokens.',
    'Configure PENSTOCK_TOKENS and call the gateway from a server, not from a page.',
  ),
  PIPE_GATEWAY_OVERLOADED: passing(
    'The gateway holds as much work as it may, or is shutting down.',
    'Wait as Retry-After says, then send again.',
  ),
  PIPE_GATEWAY_RATE_LIMITED: passing(
    'The token made more requests in this second than it may.',
    'Wait as Retry-After says; send many tasks in one request instead of one each.',
  ),
  PIPE_GATEWAY_RANGE_UNSATISFIABLE: permanent(
    'The range that was asked for lies behind the end of the result.',
    'Ask for a range within the size that the content-range header says.',
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
  PIPE_SETUP_BROWSER_FAILED: permanent(
    'apt-get could not install Chromium, which the dashboard is tested in.',
    'Install Chromium by hand, then try again.',
  ),
  PIPE_SETUP_BUILD_FAILED: permanent(
    'The sources of this clone do not compile.',
    'Mend the lines that the message shows (npm run types shows all of them).',
  ),
  PIPE_SETUP_DISK_FULL: permanent(
    'There is too little space for the packages.',
    'Free about 1.5 GB on the disk of the clone and try again.',
  ),
  PIPE_SETUP_JAVA_FAILED: permanent(
    'apt-get could not install Java or Maven.',
    'Install Java 17 or newer and Maven by hand, then try again.',
  ),
  PIPE_SETUP_NETWORK: permanent(
    'The npm registry cannot be reached.',
    'Check the network and a proxy (npm config get proxy), then try again.',
  ),
  PIPE_SETUP_NODE_TOO_OLD: permanent('Node is older than 20.19.', 'Install a newer Node.'),
  PIPE_SETUP_PACKAGES_FAILED: permanent('npm ci failed.', 'Run npm ci by hand to see all of its output.'),
  PIPE_STACK_ALREADY_RUNNING: permanent(
    'Another stack runs on the same data folder.',
    'Use it (penstock status), end it (penstock down), or choose another PENSTOCK_DATA_DIR.',
  ),
  PIPE_STACK_COMPONENT_FAILED: permanent(
    'A part of the embedded stack ended, or did not become healthy, while it was started.',
    'Read the log lines in the message; the whole log is in the logs folder of the data folder.',
  ),
  PIPE_STACK_DATA_DIR: permanent(
    'The data folder cannot be made or entered.',
    'Set PENSTOCK_DATA_DIR to a folder that you may write.',
  ),
  PIPE_STACK_DATA_IN_USE: permanent(
    'The folder of the embedded ClickHouse could not be opened: another process has it, or it is damaged.',
    'Stop the other process (penstock down); if none runs, look at the message and restore the folder.',
  ),
  PIPE_STACK_DISK_FULL: permanent(
    'There is too little space for the embedded stack or for what it downloads.',
    'Free some space, or point PENSTOCK_DATA_DIR (for downloads XDG_CACHE_HOME) to another disk.',
  ),
  PIPE_STACK_JARS_UNAVAILABLE: permanent(
    'Maven could not download the jars of Kafka.',
    'Check the network, a proxy in ~/.m2/settings.xml, and run mvn by hand if the message does not tell enough.',
  ),
  PIPE_STACK_NO_CHDB: permanent(
    'The optional package chdb, the embedded ClickHouse, is not installed or does not load on this machine.',
    'Run npm install chdb@3.4.0 (glibc Linux or macOS), or set PENSTOCK_CLICKHOUSE_URL to a ClickHouse server.',
  ),
  PIPE_STACK_NO_JAVA: permanent(
    'No Java 17 or newer was found.',
    'Install it and try again. Debian: apt-get install openjdk-17-jre-headless. Fedora: dnf install java-21-openjdk-headless. macOS: brew install openjdk. Or set JAVA_HOME.',
  ),
  PIPE_STACK_NO_MAVEN: permanent(
    'Maven is not installed, and Kafka’s jars are not in the cache yet.',
    'Install it and try again. Debian: apt-get install maven. Fedora: dnf install maven. macOS: brew install maven.',
  ),
  PIPE_STACK_PORT_IN_USE: permanent(
    'A port that the embedded stack needs is taken.',
    'End the program that has it, or set the variable or flag that the message names.',
  ),
  PIPE_STACK_REGISTRY_DAMAGED: permanent(
    'The log of the embedded registry holds a line that is no JSON.',
    'Mend or remove that line of registry/schemas.ndjson in the data folder, or restore the file.',
  ),
  PIPE_MODULE_EMPTY: permanent(
    'The module exports no pipeline.',
    'Export what definePipeline() returns, as default, in a default array, or by name.',
  ),
  PIPE_MODULE_FAILED: permanent(
    'The module could not be loaded: it does not compile, or threw while it loaded.',
    'Run it by itself with node or tsx and mend what it reports.',
  ),
  PIPE_MODULE_NOT_FOUND: permanent('There is no module file at that path.', 'Check the path given to --module.'),
  PIPE_STAGE_CPU_CRASHED: passing(
    'The child process of inChildProcess() ended before it answered: out of memory, process.exit(), a crash.',
    'Read how it ended in the message and the lines it wrote to stderr; raise maxMemoryMb, or mend the module.',
  ),
  PIPE_STAGE_CPU_FULL: passing(
    'Too many calls of one inChildProcess() wait for a child process.',
    'Give the stage as many slots (concurrency) as the pool has processes.',
  ),
  PIPE_STAGE_ENDS_WORKER: permanent(
    'Each worker that ran the task ended or stood still, the last one while it ran nothing else.',
    'Look for process.exit(), memory without end or a loop without end in the stage; run such work with inChildProcess. Then redrive.',
  ),
  PIPE_STAGE_PARTITION_LOST: passing(
    'The partition of the task moved to another worker while the stage ran; only ctx.signal carries it.',
    'Nothing: the other worker runs the task.',
  ),
  PIPE_STAGE_RUNNER_FAILED: passing(
    'The engine of a stage met a fault that it cannot go on from; uncommitted tasks run again elsewhere.',
    'Look at the line logged before it; restart the worker; report it if it comes again.',
  ),
  PIPE_STAGE_STOPPED: passing(
    'The worker stops and the drain limit is over; only ctx.signal carries it.',
    'Nothing: the task runs again on another worker.',
  ),
  PIPE_STAGE_REJECTED: permanent(
    'The stage called reject().',
    'Read the message; mend the task or the stage, then redrive.',
  ),
  PIPE_STAGE_REQUEUED: passing(
    'The stage called requeue(): the task went back into its queue, which is no failed attempt.',
    'Nothing, unless it comes again for ever: the message says what the stage waits for.',
  ),
  PIPE_STAGE_REQUEUE_LIMIT: permanent(
    'The stage put the same task back into its queue 10 000 times.',
    'Look at what it waits for; give such tasks an expiresAt, or requeue with a longer afterMs. Then redrive.',
  ),
  PIPE_STAGE_RESULT_MISSING: passing(
    'processBatch() gave no result for the task; the attempt has failed.',
    'Return done(task) or failed(task, error) for each task of the batch, with the very task objects that were handed in.',
  ),
  PIPE_STAGE_RESULT_TOO_LARGE: permanent(
    'A stage gave a result that is larger than what travels with a task.',
    'Put it into ctx.blobs, return result(…, { blob }), then redrive.',
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
  PIPE_TASK_CANCELLED: permanent(
    'Somebody cancelled the task; it is the reason of ctx.signal.',
    'Nothing: the task has ended. Submit it again, under another id, if it is to run after all.',
  ),
  PIPE_TASK_EMPTY: permanent('The record has no value.', 'Produce a JSON object or a framed Avro record as the value.'),
  PIPE_TASK_FINISHED: permanent(
    'The task has ended: there is nothing to cancel.',
    'Look at it with GET /v1/tasks/<id>, or penstock task.',
  ),
  PIPE_TASK_NOT_FINISHED: passing(
    'The task has not ended, so it has no result yet.',
    'Ask again later, watch GET /v1/tasks/<id>/events, or submit with ?wait.',
  ),
  PIPE_TASK_NOT_SUCCEEDED: permanent(
    'The task ended without a result: it died, expired or was cancelled.',
    'Look at its timeline with GET /v1/tasks/<id>, or penstock task.',
  ),
  PIPE_TASK_NOT_DEAD_LETTER: permanent(
    'There is no dead letter at that place.',
    'Take topic, partition and offset from the list of dead letters; what is older than the retention of its topic is gone.',
  ),
  PIPE_TASK_NOT_FOUND: permanent(
    'No attempt of a task with that id is recorded.',
    'Check the id; a new task appears once the sink has written its first rows (penstock status).',
  ),
  PIPE_TASK_NOT_JSON: permanent(
    'The value is neither framed Avro nor JSON.',
    'Produce a JSON object, or Avro with the five-byte Confluent prefix.',
  ),
  PIPE_TASK_RECORD_GONE: permanent(
    'Kafka no longer holds the record of that task.',
    'Its history stays; raise the retention.ms of its topic to keep payloads longer.',
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
  PIPE_TASK_AVRO_DAMAGED: permanent(
    'The Avro body is cut short, has bytes left over, or holds what its schema does not allow.',
    'Look at the producer: the id in the value must name the schema that the body was written with.',
  ),
  PIPE_TASK_AVRO_UNSAFE: permanent(
    'The Avro body claims more items than its bytes can hold, or nests without end.',
    'Look at the producer: the record is damaged or hostile.',
  ),
  PIPE_SCHEMA_INVALID: permanent(
    'A schema is not valid Avro, or uses a union whose values cannot be told apart.',
    'Mend the schema as the message says.',
  ),
  PIPE_SCHEMA_INCOMPATIBLE: permanent(
    'The registry refused a schema: it cannot be used together with an earlier version of its subject.',
    'Undo the breaking change (npm run schemas:compat names it), or give new fields a default.',
  ),
  PIPE_SCHEMA_NOT_REGISTERED: permanent(
    'A value was to be encoded with a schema that this process never registered.',
    'Call codec.register(subject, schema) before encode().',
  ),
  PIPE_REGISTRY_UNAVAILABLE: passing(
    'The schema registry did not answer.',
    'Check PENSTOCK_REGISTRY_URL and that the registry runs (penstock status).',
  ),
  PIPE_BROKER_UNAVAILABLE: passing(
    'No Kafka broker answered.',
    'Check PENSTOCK_BROKERS and that Kafka runs (penstock status).',
  ),
  PIPE_BROKER_AUTH: permanent(
    'Kafka refused the credentials, or they do not allow this topic or group.',
    'Check PENSTOCK_KAFKA_SASL_* and PENSTOCK_KAFKA_SSL, and the ACLs of the topic or group in the message.',
  ),
  PIPE_BROKER_REFUSED: permanent(
    'Kafka answered, and refused the request for a reason that waiting does not mend.',
    'Read the reason in the message; it names the Kafka error.',
  ),
  PIPE_COMMIT_FENCED: passing(
    'The group rebalanced: this member no longer owns the partition, so its commit does not count.',
    'Nothing: the new owner does the tasks since the last commit. When it happens all the time, look for workers that stall.',
  ),
  PIPE_CONSUMER_CRASHED: passing(
    'The Kafka consumer stopped and cannot go on.',
    'Read the cause; the process ends so that its supervisor starts it anew.',
  ),
  PIPE_CONSUMER_SILENT: passing(
    'The Kafka consumer gave no sign of life for longer than its session timeout.',
    'Check the broker and the network; the process ends so that its supervisor starts it anew.',
  ),
  PIPE_GROUP_RUNNING: permanent(
    'Offsets of a consumer group cannot be moved while it has running members.',
    'Stop its workers, then try again.',
  ),
  PIPE_PRODUCER_CLOSED: permanent(
    'A record was sent after the producer was closed.',
    'Close the producer after the last send has resolved.',
  ),
  PIPE_TOPIC_UNKNOWN: permanent(
    'The topic does not exist; Penstock never creates one by writing to it.',
    'Provision the topics (penstock topics provision), or check the spelling.',
  ),
  PIPE_CLICKHOUSE_ACCESS: permanent(
    'ClickHouse refused the user, the password, or what the user may do.',
    'Check PENSTOCK_CLICKHOUSE_USER and PENSTOCK_CLICKHOUSE_PASSWORD, and the grants of that user.',
  ),
  PIPE_CLICKHOUSE_MIGRATION_CHANGED: permanent(
    'A migration that was already applied to this database has another text now.',
    'Restore the file as it was applied, and put the change into a new numbered file.',
  ),
  PIPE_CLICKHOUSE_QUERY: permanent(
    'ClickHouse refused the statement.',
    'Read its message; mend the statement, or narrow it where a limit was met.',
  ),
  PIPE_CLICKHOUSE_SCHEMA_NEWER: permanent(
    'The database was migrated by a newer Penstock than this one.',
    'Run at least the version of Penstock that migrated it last.',
  ),
  PIPE_CLICKHOUSE_LIMIT: permanent(
    'The answer needs more time, rows or memory than a query may have.',
    'Take a shorter window, a longer step, or a condition on pipeline and time.',
  ),
  PIPE_CLICKHOUSE_UNAVAILABLE: passing(
    'ClickHouse did not answer.',
    'Check PENSTOCK_CLICKHOUSE_URL and that ClickHouse runs (penstock status).',
  ),
  PIPE_SQL_REFUSED: permanent(
    'The statement does something that is not let through here.',
    'Write one SELECT over the tables of docs/querying.md, without FORMAT, SETTINGS, files, other databases or functions that reach out.',
  ),
  PIPE_STATS_RAW_GONE: permanent(
    'The raw rows of these hours are past their time to live, so there is nothing to make the roll-ups from.',
    'Rebuild younger hours only; older roll-ups stay as they are.',
  ),
  PIPE_CONFIG_INVALID: permanent(
    'One or more settings are missing or wrong.',
    'Mend each setting that the message lists (penstock config shows the effective ones).',
  ),
  PIPE_BLOB_CORRUPT: passing(
    'The stored bytes differ in size or sha256 from the reference in the task.',
    'If it lasts: the blob was overwritten or damaged. Redrive the task from the stage that made the blob.',
  ),
  PIPE_BLOB_KEY_INVALID: permanent(
    'The blob key is no plain relative path.',
    'Use letters, digits, “._-” and single slashes; no part may begin with a dot.',
  ),
  PIPE_BLOB_NOT_FOUND: permanent(
    'The blob store has nothing under this key.',
    'Check PENSTOCK_BLOB_URL on every worker, and what cleans the store; redrive from the stage that made the blob.',
  ),
  PIPE_BLOB_STORE_FULL: passing(
    'No space is left where blobs or temporary files are written.',
    'Free space or enlarge the volume of PENSTOCK_BLOB_URL (and of the temporary folder), then redrive what gave up.',
  ),
  PIPE_BLOB_STORE_UNAVAILABLE: passing(
    'The blob store refused or did not answer.',
    'Check PENSTOCK_BLOB_URL, the permissions or credentials, and that the store is up.',
  ),
  PIPE_BLOB_TOO_LARGE: permanent(
    'More bytes arrived than the caller of the blob store allowed.',
    'Raise the limit named in the message, or split the input.',
  ),
  PIPE_BREAKER_OPEN: passing(
    'The host failed too often; no request is sent to it until the breaker tries again.',
    'Look at the host named in the message; tasks go on by themselves once it answers.',
  ),
  PIPE_DOWNLOAD_ADDRESS_REFUSED: permanent(
    'The address is private, local, reserved or written in disguise: the SSRF guard refused it.',
    'If the host is meant to be reached, add it to PENSTOCK_DOWNLOAD_ALLOW (host, host:port or CIDR).',
  ),
  PIPE_DOWNLOAD_CHECKSUM: permanent(
    'The complete answer has another sha256 than the task declares.',
    'Correct the declared sha256 or the file at the source, then redrive.',
  ),
  PIPE_DOWNLOAD_ENCODED: permanent(
    'The server compressed the answer although none was accepted; it is refused, since it could be a bomb.',
    'Serve the file without content-encoding; a stored .gz file needs none.',
  ),
  PIPE_DOWNLOAD_FORBIDDEN: permanent(
    'The server answered 401, 403, 407 or 451.',
    'Use an address that needs no login, such as a pre-signed one.',
  ),
  PIPE_DOWNLOAD_NOT_FOUND: permanent('The server answered 404 or 410.', 'Correct the URL, then redrive.'),
  PIPE_DOWNLOAD_REDIRECT: permanent(
    'Too many redirects, a loop, or a redirect without a usable target.',
    'Use the final address of the file.',
  ),
  PIPE_DOWNLOAD_REFUSED: permanent(
    'The server answered with a status that trying again does not change.',
    'Read the status in the message; correct the URL or the server.',
  ),
  PIPE_DOWNLOAD_TIMEOUT: passing(
    'The download was idle or ran longer than its limit.',
    'If it lasts: look at the server’s speed, or raise totalTimeoutMs or idleTimeoutMs.',
  ),
  PIPE_DOWNLOAD_TLS: permanent(
    'The server’s certificate is not valid for this host.',
    'Mend the certificate, or have the authority added with NODE_EXTRA_CA_CERTS.',
  ),
  PIPE_DOWNLOAD_TOO_LARGE: permanent(
    'The answer or its header is larger than the limit.',
    'Raise maxBytes of the download stage, or split the file.',
  ),
  PIPE_DOWNLOAD_TRUNCATED: passing(
    'The answer ended before its announced length.',
    'If it lasts: look at the server and the proxies before it.',
  ),
  PIPE_DOWNLOAD_UNAVAILABLE: passing(
    'The server could not be reached, reset the connection, or answered 408, 425, 429 or 5xx.',
    'If it lasts: check the host name and the server.',
  ),
  PIPE_DOWNLOAD_URL_INVALID: permanent(
    'The URL is no http or https URL, or carries credentials.',
    'Submit an absolute http or https URL without user name and password.',
  ),
  PIPE_TRANSFORM_CSV_BROKEN: permanent(
    'The CSV breaks its own rules: an open quote, or rows of different widths.',
    'Mend the line named in the message, then redrive from download.',
  ),
  PIPE_TRANSFORM_IMAGE_BROKEN: permanent(
    'The bytes begin as an image and cannot be decoded: cut short or damaged.',
    'Replace the file at the source, then redrive from download.',
  ),
  PIPE_TRANSFORM_JSON_BROKEN: permanent(
    'The JSON is cut short or malformed.',
    'Mend the place named in the message, then redrive from download.',
  ),
  PIPE_TRANSFORM_LIMIT: permanent(
    'The input exceeds a limit of the transform: columns, cell, row, depth, pixels or output size.',
    'Raise the limit named in the message, or split the input.',
  ),
  PIPE_TRANSFORM_NOT_IMAGE: permanent(
    'The source calls it an image, and its bytes are none.',
    'Look at what the source really serves: often it is an error page.',
  ),
  PIPE_UPLOAD_CHECKSUM: passing(
    'What the target stored differs from what was sent.',
    'If it lasts: look at the target and the proxies before it.',
  ),
  PIPE_UPLOAD_REFUSED: permanent(
    'The target refused the object in a way that trying again does not change.',
    'Read the status in the message; check PENSTOCK_UPLOAD_URL, the permissions and the credentials, then redrive.',
  ),
  PIPE_UPLOAD_UNAVAILABLE: passing(
    'The target could not be reached, timed out or answered 5xx.',
    'If it lasts: check PENSTOCK_UPLOAD_URL and that the target is up.',
  ),
  PIPE_WORKER_BLOCKED: passing(
    'The event loop of the worker stood still for more than a second; no task began or ended, nothing was committed.',
    'Find the stage that computes long without a pause; run that part with inChildProcess().',
  ),
  PIPE_WORKER_STALLED: passing(
    'The event loop of the worker stood still for longer than the session timeout; the process was killed, its tasks run elsewhere.',
    'Look at the stack in the log line; run that part with inChildProcess(), and let a supervisor restart the worker.',
  ),
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof errorCatalogue;
