import { hostname } from 'node:os';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Logger } from 'pino';
import type { Codec } from '../schemas/codec.ts';
import type { Config } from '../schemas/config.ts';
import type { Broker } from '../topics/ports.ts';
import type { CataloguePipeline } from './catalogue.ts';
import { OrderWriter } from './control/order-writer.ts';
import { addDashboardRoutes } from './dashboard/dashboard-routes.ts';
import { DeadLetters } from './dead-letters/dead-letters.ts';
import type { History } from './history/history.ts';
import { historyOver } from './history/history-over.ts';
import { callerOf, installAccess } from './identity/access.ts';
import { installAudit } from './identity/audit.ts';
import { installRateLimits } from './identity/rate-limits.ts';
import { openTokens } from './identity/token-book.ts';
import { watchTokens } from './identity/watch-tokens.ts';
import { defaultDeadlineMs } from './intake/deadline.ts';
import { Intake } from './intake/intake.ts';
import { Submitter } from './intake/submission.ts';
import { addDocsRoutes } from './openapi/docs-routes.ts';
import { installOpenapi } from './openapi/openapi.ts';
import { connectHistoryStore, type HistoryStore } from './plugins/clickhouse.ts';
import { installErrors, onClientError, onFrameworkError, refuseUnknownRoutes } from './plugins/errors.ts';
import { installHostGuard } from './plugins/host-guard.ts';
import { installMetrics } from './plugins/metrics.ts';
import { installSecurityHeaders } from './plugins/security-headers.ts';
import { endSilentConnections } from './plugins/silent-connections.ts';
import { installSlowBodies } from './plugins/slow-bodies.ts';
import { Readiness } from './readiness.ts';
import { RecordReader } from './records/record-reader.ts';
import { addCancelRoute } from './routes/cancel.ts';
import { addDeadLetterRoutes } from './routes/dead-letters.ts';
import { addEventRoutes } from './routes/events.ts';
import { addHealthRoutes } from './routes/health.ts';
import { addIdentityRoute } from './routes/identity.ts';
import { addPipelineRoutes } from './routes/list-pipelines.ts';
import { addLiveRoute } from './routes/live.ts';
import { addMetricsRoute } from './routes/metrics.ts';
import { addResultRoute, type BlobReader } from './routes/result.ts';
import { addSqlRoute } from './routes/sql.ts';
import { addStatsRoutes } from './routes/stats.ts';
import { addFlowRoutes } from './routes/stats-flow.ts';
import { addSubmitRoute } from './routes/submit-tasks.ts';
import { addTaskRecordRoute } from './routes/task-record.ts';
import { addTaskRoutes } from './routes/tasks.ts';
import { LiveLag } from './stats/live-lag.ts';
import { addLoadMetrics } from './stats/load-metrics.ts';
import { shareReads } from './stats/shared-reader.ts';
import { stageLoads } from './stats/stage-loads.ts';
import { AttemptFeed } from './watching/attempt-feed.ts';
import { DoneFeed } from './watching/done-feed.ts';
import { Waiting } from './watching/waiting.ts';

export interface GatewayOptions {
  readonly config: Config;
  readonly broker: Broker;
  readonly codec: Codec;
  readonly pipelines: readonly CataloguePipeline[];
  readonly logger: Logger;
  /** Where task states are read; default: ClickHouse of the configuration. */
  readonly history?: History;
  /** Where statistics and SQL are read; default: ClickHouse of the configuration. */
  readonly store?: HistoryStore;
  /** Longest wait for Kafka's answer. Default 4 500: a caller hears within five seconds that Kafka is away. */
  readonly sendDeadlineMs?: number;
  /** Where results are that are too large to travel; default: none can be read. */
  readonly blobs?: BlobReader;
  /** Of the package, for the OpenAPI document. */
  readonly version?: string;
}

/** Whole request, NDJSON bodies included; a body that does not move is cut off long before. */
const requestTimeoutMs = 3_600_000;
const headersTimeoutMs = 10_000;
/** How often node looks for requests that are too late. */
const lookForLateMs = 2_000;
/** A connection on which nothing moves. */
const idleTimeoutMs = 60_000;

/** The gateway as a fastify app: every route, no port. `close()` flushes and leaves Kafka; the broker is the caller's. */
export function buildGateway(options: GatewayOptions): FastifyInstance {
  const { config, broker, codec, pipelines, logger, version = 'unknown' } = options;
  const app = createApp(logger);
  const store = options.store ?? connectHistoryStore(config.clickhouse);
  const history = options.history ?? historyOver(store.read, async () => undefined);
  const read = shareReads(store.read);
  const lag = new LiveLag({ broker });
  const records = new RecordReader({ broker });
  const loads = stageLoads({ lag, read });
  const deadlineMs = options.sendDeadlineMs ?? defaultDeadlineMs;
  const workerName = `gateway:${hostname()}:${process.pid}`;
  const intake = new Intake({ broker, codec, workerName, logger, sendDeadlineMs: deadlineMs });
  const feed = new DoneFeed({ broker, logger, readyDeadlineMs: deadlineMs });
  const attempts = new AttemptFeed({ broker, codec, logger, readyDeadlineMs: deadlineMs });
  const orders = new OrderWriter({ broker, codec, deadlineMs });
  const waiting = new Waiting(feed);
  const sources = { pipelines, feed, history };
  const readiness = new Readiness({ broker, logger });
  const tokens = openTokens(config);
  const stopping = new AbortController();
  installErrors(app);
  installSecurityHeaders(app);
  installSlowBodies(app);
  endSilentConnections(app);
  const metrics = installMetrics(app);
  addLoadMetrics(metrics.registry, pipelines, loads);
  if (!tokens) installHostGuard(app);
  installAccess(app, tokens);
  refuseUnknownRoutes(app);
  if (tokens) {
    installAudit(app);
    installRateLimits(app);
  }
  installOpenapi(app, { version, withTokens: tokens !== undefined });
  // In a scope of its own, because the plugins above look at each route that is added after them.
  app.register(async (scope) => {
    addDashboardRoutes(scope);
    addHealthRoutes(scope, readiness);
    addIdentityRoute(scope, { version, withTokens: tokens !== undefined });
    addMetricsRoute(scope, metrics);
    addDocsRoutes(scope, { pipelines, version });
    addPipelineRoutes(scope, pipelines, loads);
    addStatsRoutes(scope, { pipelines, read });
    addFlowRoutes(scope, { pipelines, read });
    addLiveRoute(scope, (authorization) => callerOf(authorization, tokens));
    addSqlRoute(scope, store);
    addSubmitRoute(scope, { pipelines, submitter: new Submitter(intake), metrics, waiting, stopping: stopping.signal });
    addTaskRoutes(scope, history);
    addTaskRecordRoute(scope, { pipelines, history, records, codec });
    addDeadLetterRoutes(scope, { pipelines, letters: new DeadLetters(records), records, codec });
    addEventRoutes(scope, { pipelines, history, feed: attempts });
    addResultRoute(scope, { ...sources, blobs: options.blobs });
    addCancelRoute(scope, { ...sources, orders });
  });
  if (tokens && config.tokensFile !== undefined) {
    const unwatch = watchTokens(config.tokensFile, tokens, logger);
    app.addHook('onClose', async () => unwatch());
  }
  app.addHook('onListen', async () => readiness.watch());
  app.addHook('preClose', async () => {
    stopping.abort();
    waiting.end();
  });
  app.addHook('onClose', async () => {
    const watching = [feed.close(), attempts.close(), orders.close()];
    const reading = [history.close(), lag.close(), records.close(), store.close()];
    await Promise.all([intake.close(), readiness.close(), ...reading, ...watching]);
  });
  return app;
}

function createApp(logger: Logger): FastifyInstance {
  const loggerInstance: FastifyBaseLogger = logger;
  const app = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: requestTimeoutMs,
    http: { headersTimeout: headersTimeoutMs, connectionsCheckingInterval: lookForLateMs },
    // While it closes it still answers what comes over open connections, and ends them after it.
    return503OnClosing: false,
    connectionTimeout: idleTimeoutMs,
    bodyLimit: 1024 * 1024,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    requestIdHeader: false,
    // A logger for each request is dear: requestLog() makes one for those that log.
    childLoggerFactory: (parent) => parent,
    // Ids of tasks have up to 256 characters, each of them twelve once encoded.
    routerOptions: { maxParamLength: 4_096 },
    // An unknown query parameter is a typing mistake to be told, not to be dropped.
    ajv: { customOptions: { removeAdditional: false } },
    clientErrorHandler: onClientError,
    frameworkErrors: onFrameworkError,
  });
  app.removeAllContentTypeParsers();
  return app;
}
