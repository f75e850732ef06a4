import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import Fastify from 'fastify';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Intake } from '../../gateway/intake/intake.ts';
import { installSlowBodies } from '../../gateway/plugins/slow-bodies.ts';
import { createCodec } from '../../schemas/codec.ts';
import { downloadTaskSchema } from '../../schemas/generated/download-task.ts';
import { until } from '../helpers/until.ts';
import { startRegistryDouble } from '../schemas/registry-double.ts';
import { openGateway, type TestGateway, task, tasksUrl } from './open-gateway.ts';
import { createRecordingBroker } from './recording-broker.ts';

async function listen({ app }: TestGateway): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 });
  return Number(new URL(app.listeningOrigin).port);
}

/** POST over a real connection that is kept. */
function open(port: number, headers: Record<string, string> = {}, agent?: Agent) {
  return request({
    host: '127.0.0.1',
    port,
    path: tasksUrl,
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    ...(agent && { agent }),
  });
}

async function answerOf(
  sent: ReturnType<typeof request>,
): Promise<{ status: number | undefined; body: string; connection: string | undefined }> {
  const [response] = await once(sent, 'response');
  return { status: response.statusCode, body: await text(response), connection: response.headers.connection };
}

describe('a gateway that stops', () => {
  it('answers what it holds, by Kafka’s word, and ends kept connections', async () => {
    const gateway = await openGateway();
    const port = await listen(gateway);
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    const warm = open(port, {}, agent);
    warm.end(JSON.stringify(task));
    expect((await answerOf(warm)).status).toBe(202);

    gateway.broker.behaviour = 'hang';
    const held = open(port, {}, agent);
    held.end(JSON.stringify({ ...task, name: 'held' }));
    const answer = answerOf(held);
    await until('the request to be sent on', () => gateway.broker.waiting || undefined);
    const closed = gateway.app.close();
    gateway.broker.release();
    expect((await answer).status).toBe(202);
    await closed;
    expect(gateway.broker.of('assets.download')).toHaveLength(2);
    expect(gateway.broker.of('penstock.attempts')).not.toEqual([]);
    expect(gateway.broker.closed).toBe(2);
  });

  it('does not wait for connections over which no request came whole', async () => {
    const gateway = await openGateway();
    const port = await listen(gateway);
    const server = gateway.app.server;
    const ends = ['', 'GET /livez HTTP/1.1\r\nho'].map(async (text) => {
      const socket = connect(port, '127.0.0.1').resume();
      socket.write(text);
      await once(socket, 'close');
    });
    const connections = promisify(server.getConnections.bind(server));
    await until('both are open', async () => ((await connections()) === 2 ? true : undefined));
    await gateway.app.close();
    await Promise.all(ends);
  });

  it('ends a long batch where it is, and says what it took', async () => {
    const gateway = await openGateway();
    const port = await listen(gateway);
    const sent = open(port, { 'content-type': 'application/x-ndjson' });
    const answer = answerOf(sent);
    sent.write(`${JSON.stringify(task)}\n`.repeat(500));
    await until('the first lines', () => gateway.broker.of('assets.download').length === 500 || undefined);
    const closed = gateway.app.close();
    await until('no more connections', () => !gateway.app.server.listening || undefined);
    sent.write(`${JSON.stringify(task)}\n`.repeat(500));
    const { status, body } = await answer;
    sent.destroy();
    await closed;
    expect(status).toBe(503);
    expect(JSON.parse(body)).toMatchObject({ code: 'PIPE_GATEWAY_OVERLOADED', accepted: 500 });
    expect(gateway.broker.of('assets.download')).toHaveLength(500);
  });
});

describe('work that waits for Kafka', () => {
  it('is bounded in tasks: beyond it a 503 at once, and what was taken is answered', async () => {
    const registry = await startRegistryDouble();
    onTestFinished(() => registry.close());
    const broker = createRecordingBroker();
    const codec = createCodec({ registryUrl: registry.url });
    const intake = new Intake({
      broker,
      codec,
      workerName: 'test',
      logger: pino({ level: 'silent' }),
      maxPendingTasks: 3,
    });
    const target = { pipeline: 'p', stage: 's', topic: 'p.s', subject: 'p.s-value', schema: downloadTaskSchema };
    await intake.open(target);
    broker.behaviour = 'hang';
    const prepare = (id: string) =>
      intake.prepare(target, { id, isNew: true }, Buffer.from(JSON.stringify(task)), { source: 'test' });
    const held = intake.send(target, ['a', 'b', 'c'].map(prepare));
    await expect(intake.send(target, [prepare('d')])).rejects.toMatchObject({
      code: 'PIPE_GATEWAY_OVERLOADED',
      afterMs: 1_000,
    });
    broker.release();
    expect(await held).toHaveLength(3);
    expect(await intake.send(target, [prepare('e')])).toHaveLength(1);
    await intake.close();
  });
});

describe('a slow sender', () => {
  const head = (length: number) =>
    `POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n{}`;

  it('of a body is cut off; who is done is not', async () => {
    const app = Fastify();
    installSlowBodies(app, { periodMs: 50, minBytesPerSecond: 1_000_000 });
    app.post('/', async () => 'whole');
    onTestFinished(() => app.close());
    await app.listen({ host: '127.0.0.1', port: 0 });
    const port = Number(new URL(app.listeningOrigin).port);
    const [done, slow] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
    onTestFinished(() => void done.destroy());
    done.write(head(2));
    expect(String((await once(done, 'data'))[0])).toContain('whole');
    slow.write(head(1_000));
    await once(slow, 'close');
    done.write(head(2));
    expect(String((await once(done, 'data'))[0])).toContain('whole');
  });
});

it('headers may take ten seconds, not for ever', async () => {
  const gateway = await openGateway();
  expect(gateway.app.server.headersTimeout).toBe(10_000);
  expect(gateway.app.server.requestTimeout).toBeGreaterThan(gateway.app.server.headersTimeout);
});
