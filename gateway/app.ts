import { hostname } from 'node:os';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Logger } from 'pino';
import type { Codec } from '../schemas/codec.ts';
import type { Config } from '../schemas/config.ts';
import type { Broker } from '../topics/ports.ts';
import type { CataloguePipeline } from './catalogue.ts';
import type { History } from './history/history.ts';
import { Intake } from './intake/intake.ts';
import { Submitter } from './intake/submission.ts';
import { connectHistory } from './plugins/clickhouse.ts';
import { installErrors, onClientError, onFrameworkError } from './plugins/errors.ts';
import { installHostGuard } from './plugins/host-guard.ts';
import { installMetrics } from './plugins/metrics.ts';
import { installTokens } from './plugins/tokens.ts';
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
}

/** Whole request, NDJSON bodies included. */
const requestTimeoutMs = 300_000;
/** A connection on which nothing moves. */
const idleTimeoutMs = 60_000;

/** The gateway as a fastify app: every route, no port. `close()` flushes and leaves Kafka; the broker is the caller's. */
export function buildGateway(options: GatewayOptions): FastifyInstance {
  const { config, broker, codec, pipelines } = options;
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
  installErrors(app);
  const metrics = installMetrics(app);
  if (config.tokens.length === 0) installHostGuard(app);
  installTokens(app, config.tokens);
  addHealthRoutes(app, readiness);
  addMetricsRoute(app, metrics);
  addPipelineRoutes(app, pipelines);
  addSubmitRoute(app, { pipelines, submitter: new Submitter(intake), metrics });
  addTaskRoutes(app, history);
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
    connectionTimeout: idleTimeoutMs,
    bodyLimit: 1024 * 1024,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    requestIdHeader: false,
    // An unknown query parameter is a typing mistake to be told, not to be dropped.
    ajv: { customOptions: { removeAdditional: false } },
    clientErrorHandler: onClientError,
    frameworkErrors: onFrameworkError,
  });
  app.removeAllContentTypeParsers();
  return app;
}
