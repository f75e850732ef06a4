import { Server } from 'node:net';
import { pino } from 'pino';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startGateway } from '../../gateway/server.ts';
import { createCodec } from '../../schemas/codec.ts';
import { loadConfig } from '../../schemas/config.ts';
import { createMemoryBroker } from '../../topics/memory/memory-broker.ts';
import { emptyHistory, emptyStore, pipelines } from './open-gateway.ts';

it('thousands that connect at once find a place in the queue', async () => {
  const listen = vi.spyOn(Server.prototype, 'listen');
  onTestFinished(() => listen.mockRestore());
  const gateway = await startGateway(
    {
      config: loadConfig({}),
      broker: createMemoryBroker(),
      codec: createCodec({ registryUrl: 'http://127.0.0.1:9' }),
      pipelines,
      logger: pino({ level: 'silent' }),
      history: emptyHistory,
      store: emptyStore,
    },
    { host: '127.0.0.1', port: 0 },
  );
  onTestFinished(() => gateway.stop());
  expect(listen.mock.calls.flat()).toContainEqual(expect.objectContaining({ host: '127.0.0.1', backlog: 4_096 }));
});
