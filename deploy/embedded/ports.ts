import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { PenstockError } from '../../schemas/errors.ts';
import { findPortHolder } from './port-holder.ts';

export interface PortClaim {
  readonly port: number;
  /** What it is for, as a user reads it: `Kafka`. */
  readonly purpose: string;
  readonly variable: string;
  readonly flag: string;
}

/** Below the range that systems draw outgoing ports from, so that no client's socket takes it before we listen. */
const lowestDrawn = 26_000;
const highestDrawn = 32_000;

/** A loopback port that nobody listens on just now. */
export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = randomInt(lowestDrawn, highestDrawn);
    if (await isPortFree(port)) return port;
  }
  throw new PenstockError('PIPE_STACK_PORT_IN_USE', `found no free port between ${lowestDrawn} and ${highestDrawn}`);
}

export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Rejects with PIPE_STACK_PORT_IN_USE, naming every port that is taken, by whom, and how to choose another. */
export async function checkPorts(claims: readonly PortClaim[]): Promise<void> {
  const problems: string[] = [];
  for (const claim of claims) {
    const rival = claims.find((other) => other !== claim && other.port === claim.port);
    if (rival) problems.push(`port ${claim.port} is meant for both ${rival.purpose} and ${claim.purpose}`);
    else if (!(await isPortFree(claim.port))) problems.push(await describeTaken(claim));
  }
  if (problems.length > 0) throw new PenstockError('PIPE_STACK_PORT_IN_USE', problems.join('; '));
}

async function describeTaken({ port, purpose, variable, flag }: PortClaim): Promise<string> {
  const holder = await findPortHolder(port);
  const by = holder ? ` by ${holder.command} (process ${holder.pid})` : '';
  return `port ${port}, wanted for ${purpose}, is taken${by}; set ${variable} or ${flag} to choose another`;
}
