import { hostname } from 'node:os';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Logger } from 'pino';
import type { Codec } from '../schemas/codec.ts';
import type { Config } from '../schemas/config.ts';
import type { Broker } from '../topics/ports.ts';
import type { CataloguePipeline } from './catalogue.ts';
import type { History } from './history/history.ts';
import { installAccess } from './identity/access.ts';
import { installAudit } from './identity/audit.ts';
import { installRateLimits } from './identity/rate-limits.ts';
import { openTokens } from './identity/token-book.ts';
import { watchTokens } from './identity/watch-tokens.ts';
import { Intake } from './intake/intake.ts';
import { Submitter } from './intake/submission.ts';
import { addDocsRoutes } from './openapi/docs-routes.ts';
import { installOpenapi } from './openapi/openapi.ts';
import { connectHistory } from './plugins/clickhouse.ts';
import { installErrors, onClientError, onFrameworkError, refuseUnknownRoutes } from './plugins/errors.ts';
import { installHostGuard } from './plugins/host-guard.ts';
import { installLoadShedding } from './plugins/load-shedding.ts';
import { installMetrics } from './plugins/metrics.ts';
import { installSecurityHeaders } from './plugins/security-headers.ts';
import { installSlowBodies } from './plugins/slow-bodies.ts';
import { Readiness } from './readiness.ts';
import { addHealthRoutes } from './routes/health.ts';
import { addPipelineRoutes } from './routes/list-pipelines.ts';
import { addMetricsRoute } from './routes/metrics.ts';
import { addSubmitRoute } from './routes/submit-tasks.ts';
import { addTaskRoutes } from './routes/tasks.ts';

export interface GatewayOptions {
  readonly config: Config;
  readonly broker: Broker;
  readonly codec: Codec;
  readonly pipelines: readonly CataloguePipeline[];
  readonly logger: Logger;
  /** Where task states are read; default: ClickHouse of the configuration. */
  readonly history?: History;
  /** Longest wait for Kafka's acknowledgement; default 4 500. */
  readonly sendDeadlineMs?: number;
  /**
   * Delay of the event loop beyond which work is refused; 0: never. Default 500, far above what a busy loop has (tens of
   * ms): beyond it every answer is late already.
   */
  readonly maxEventLoopDelayMs?: number;
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
  const { config, broker, codec, pipelines, version = 'unknown', maxEventLoopDelayMs = 500 } = options;
  const app = createApp(options.logger);
  const history = options.history ?? connectHistory(config.clickhouse);
  const intake = new Intake({
    broker,
    codec,
    workerName: `gateway:${hostname()}:${process.pid}`,
    logger: options.logger,
    ...(options.sendDeadlineMs !== undefined && { sendDeadlineMs: options.sendDeadlineMs }),
  });
  const readiness = new Readiness({ broker, logger: options.logger });
  const tokens = openTokens(config);
  const stopping = new AbortController();
  installErrors(app);
  installSecurityHeaders(app);
  installSlowBodies(app);
  if (maxEventLoopDelayMs > 0) installLoadShedding(app, maxEventLoopDelayMs);
  const metrics = installMetrics(app);
  if (!tokens) installHostGuard(app);
  installAccess(app, tokens);
  refuseUnknownRoutes(app);
  installAudit(app);
  if (tokens) installRateLimits(app);
  installOpenapi(app, { version, withTokens: tokens !== undefined });
  // In a scope of its own, because the plugins above look at each route that is added after them.
  app.register(async (scope) => {
    addHealthRoutes(scope, readiness);
    addMetricsRoute(scope, metrics);
    addDocsRoutes(scope, { pipelines, version });
    addPipelineRoutes(scope, pipelines);
    addSubmitRoute(scope, { pipelines, submitter: new Submitter(intake), metrics, stopping: stopping.signal });
    addTaskRoutes(scope, history);
  });
  if (tokens && config.tokensFile !== undefined) {
    const unwatch = watchTokens(config.tokensFile, tokens, options.logger);
    app.addHook('onClose', async () => unwatch());
  }
  app.addHook('preClose', async () => stopping.abort());
  app.addHook('onListen', async () => readiness.watch());
  app.addHook('onClose', async () => {
    await Promise.all([intake.close(), history.close(), readiness.close()]);
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
