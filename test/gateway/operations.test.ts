import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isLoopback } from '../../gateway/plugins/host-guard.ts';
import { Readiness } from '../../gateway/readiness.ts';
import { startGateway } from '../../gateway/server.ts';
import { createCodec } from '../../schemas/codec.ts';
import { loadConfig } from '../../schemas/config.ts';
import { PenstockError } from '../../schemas/errors.ts';
import { until } from '../helpers/until.ts';
import { collectLog, emptyHistory, openGateway, pipelines, post, task, tasksUrl } from './open-gateway.ts';
import { createRecordingBroker } from './recording-broker.ts';

describe('probes and metrics', () => {
  it('is live without a broker, and ready only with one', async () => {
    const { app, broker } = await openGateway();
    broker.behaviour = new PenstockError('PIPE_BROKER_UNAVAILABLE', 'no broker');
    expect((await app.inject('/health/live')).statusCode).toBe(200);
    const response = await app.inject('/health/ready');
    expect(response.statusCode).toBe(503);
    expect(response.json().code).toBe('PIPE_BROKER_UNAVAILABLE');
  });

  it('is ready when the broker answers', async () => {
    const { app } = await openGateway();
    expect((await app.inject('/health/ready')).statusCode).toBe(200);
  });

  it('counts tasks and requests by route, not by path', async () => {
    const { app } = await openGateway();
    await post(app, task);
    await post(app, {});
    await app.inject('/v1/tasks/some-id');
    const metrics = (await app.inject('/metrics')).body;
    expect(metrics).toContain('penstock_tasks_accepted_total{pipeline="assets",stage="download"} 1');
    expect(metrics).toContain('code="PIPE_TASK_SCHEMA_MISMATCH"} 1');
    expect(metrics).toContain('route="/v1/tasks/:id"');
    expect(metrics).not.toContain('some-id');
  });

  it('lists the pipelines with their topics and schemas', async () => {
    const { app } = await openGateway();
    expect((await app.inject('/v1/pipelines')).json()).toMatchObject({
      pipelines: [
        {
          name: 'assets',
          stages: [
            {
              name: 'download',
              topic: 'assets.download',
              deadLetterTopic: 'assets.download.dlq',
              input: { type: 'record' },
            },
            { name: 'upload' },
          ],
        },
      ],
    });
    expect((await app.inject('/v1/pipelines/nope')).statusCode).toBe(404);
  });
});

describe('tokens', () => {
  it('are asked for everywhere but at the probes', async () => {
    const { app } = await openGateway({ tokens: 'first,second' });
    expect((await app.inject('/health/live')).statusCode).toBe(200);
    for (const url of ['/v1/pipelines', '/metrics', '/v1/tasks/x', '/nothing']) {
      const response = await app.inject(url);
      expect(response.statusCode).toBe(401);
      expect(response.headers['www-authenticate']).toMatch(/^Bearer/);
    }
  });

  it('any of them opens, and nothing else', async () => {
    const { app } = await openGateway({ tokens: 'first,second' });
    const status = async (authorization: string) =>
      (await app.inject({ url: '/v1/pipelines', headers: { authorization } })).statusCode;
    expect(await status('Bearer first')).toBe(200);
    expect(await status('bearer second')).toBe(200);
    for (const wrong of ['Bearer third', 'Bearer', 'Basic first', 'first', 'Bearer first second', 'Bearer firs']) {
      expect(await status(wrong)).toBe(401);
    }
  });

  it('with them, any host name is served', async () => {
    const { app } = await openGateway({ tokens: 'first' });
    const headers = { authorization: 'Bearer first', host: 'gateway.example' };
    expect((await app.inject({ url: '/v1/pipelines', headers })).statusCode).toBe(200);
  });
});

describe('a broker that does not answer', () => {
  it('is given no longer than the deadline of the answer to take a task', async () => {
    const { app, broker } = await openGateway({ sendDeadlineMs: 1_234 });
    await post(app, task);
    await post(app, task, { url: `${tasksUrl}?key=k` });
    const deliveryTimeoutMs = 1_234;
    expect(broker.producers).toEqual([
      { deliveryTimeoutMs, ordered: false },
      { deliveryTimeoutMs, ordered: true },
    ]);
    const byDefault = await openGateway();
    await post(byDefault.app, task);
    expect(byDefault.broker.producers[0]?.deliveryTimeoutMs).toBeLessThan(5_000);
  });

  it('is told in the log once the gateway listens, though nobody asks', async () => {
    const { logger, lines } = collectLog();
    const broker = createRecordingBroker();
    broker.behaviour = new PenstockError('PIPE_BROKER_AUTH', 'no access');
    const codec = createCodec({ registryUrl: 'http://127.0.0.1:9' });
    const gateway = await startGateway(
      { config: loadConfig({}), broker, codec, pipelines, logger, history: emptyHistory },
      { host: '127.0.0.1', port: 0 },
    );
    onTestFinished(() => gateway.stop());
    const line = await until('the warning', () => lines.find(({ code }) => code === 'PIPE_BROKER_AUTH'));
    expect(line).toMatchObject({ level: 40, reason: 'no access' });
  });

  it('is logged on each change, once', async () => {
    const { logger, lines } = collectLog();
    const broker = createRecordingBroker();
    const readiness = new Readiness({ broker, logger, answerForMs: -1 });
    onTestFinished(() => readiness.close());
    await readiness.check();
    expect(lines).toEqual([]);
    broker.behaviour = new PenstockError('PIPE_BROKER_UNAVAILABLE', 'away');
    for (const _ of [1, 2]) await expect(readiness.check()).rejects.toMatchObject({ code: 'PIPE_BROKER_UNAVAILABLE' });
    broker.release();
    for (const _ of [1, 2]) await readiness.check();
    expect(lines.map(({ level, code }) => [level, code])).toEqual([
      [40, 'PIPE_BROKER_UNAVAILABLE'],
      [30, undefined],
    ]);
  });
});

describe('listening', () => {
  const options = (env: Record<string, string>) => ({
    config: loadConfig(env),
    broker: createRecordingBroker(),
    codec: createCodec({ registryUrl: 'http://127.0.0.1:9' }),
    pipelines,
    logger: pino({ level: 'silent' }),
    history: emptyHistory,
  });

  it.each(['0.0.0.0', '::', '192.0.2.1', 'gateway.example'])('on %s is refused without tokens', async (host) => {
    await expect(startGateway(options({ PENSTOCK_HTTP_HOST: host }))).rejects.toMatchObject({
      code: 'PIPE_GATEWAY_TOKENS_REQUIRED',
    });
  });

  it('knows loopback', () => {
    expect(['127.0.0.1', '127.8.8.8', 'localhost', '::1', '[::1]', 'LOCALHOST'].every(isLoopback)).toBe(true);
    expect(['127.0.0.1.example', 'localhost.example', '1127.0.0.1', '', '::2'].some(isLoopback)).toBe(false);
  });

  it('on a port that is taken has a code', async () => {
    const first = await startGateway(options({}), { host: '127.0.0.1', port: 0 });
    onTestFinished(() => first.stop());
    const port = Number(new URL(first.url).port);
    await expect(startGateway(options({}), { host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'PIPE_GATEWAY_LISTEN_FAILED',
    });
  });

  it.each(['GET / HTTP/1.1\r\nbad header\r\n\r\n', 'NONSENSE\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n'])(
    'answers %j with a problem and hangs up',
    async (bytes) => {
      const gateway = await startGateway(options({}), { host: '127.0.0.1', port: 0 });
      onTestFinished(() => gateway.stop());
      const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
      socket.end(bytes);
      const answer = await text(socket);
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
      expect(answer).not.toMatch(/ at |node_modules/);
    },
  );

  it('closes Kafka’s producers when it stops, after the accepted rows', async () => {
    const { app, broker } = await openGateway();
    await post(app, task);
    await app.close();
    expect(broker.of('penstock.attempts')).toHaveLength(1);
    expect(broker.closed).toBe(2);
  });
});
