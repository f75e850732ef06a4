import { createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { checkPorts, findFreePort, isPortFree } from '../../deploy/embedded/ports.ts';
import { portClaim } from '../../deploy/embedded/stack-options.ts';

const open: Server[] = [];

afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function occupy(port: number): Promise<void> {
  const server = createServer();
  open.push(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
}

test('a drawn port is free until somebody listens on it', async () => {
  const port = await findFreePort();
  expect(await isPortFree(port)).toBe(true);
  await occupy(port);
  expect(await isPortFree(port)).toBe(false);
});

test('a taken port is refused with its use, its holder and the way out', async () => {
  const [taken, free] = [await findFreePort(), await findFreePort()];
  await occupy(taken);
  const refusal = checkPorts([portClaim('kafka', taken), portClaim('registry', free)]);
  await expect(refusal).rejects.toMatchObject({
    code: 'PIPE_STACK_PORT_IN_USE',
    message: expect.stringMatching(
      new RegExp(`^port ${taken}, wanted for Kafka, .*PENSTOCK_KAFKA_PORT or --kafka-port`),
    ),
  });
  if (process.platform === 'linux') await expect(refusal).rejects.toThrow(`process ${process.pid}`);
});

test('one port for two components is refused before anything listens', async () => {
  const port = await findFreePort();
  await expect(checkPorts([portClaim('registry', port), portClaim('clickhouse', port)])).rejects.toThrow(
    `port ${port} is meant for both ClickHouse and the schema registry`,
  );
});

test('free ports of different components pass', async () => {
  await expect(checkPorts([portClaim('kafka', await findFreePort())])).resolves.toBeUndefined();
});
