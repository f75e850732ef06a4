import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface GatewayPlace {
  readonly brokers: string;
  readonly registryUrl: string;
  /** Of its pipeline. */
  readonly name: string;
}

/** A gateway in a process of its own; SIGKILL is its only end. */
export class GatewayProcess {
  readonly #child: ChildProcess;
  readonly url: string;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  /** 'silent': it answers no task, see `acknowledged`. */
  static async start(place: GatewayPlace, manner: 'answers' | 'silent'): Promise<GatewayProcess> {
    const program = fileURLToPath(new URL('gateway-main.ts', import.meta.url));
    const args = ['--import', 'tsx', program, place.brokers, place.registryUrl, place.name, manner];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const [url] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`a gateway ended with ${code}`))),
    ]);
    return new GatewayProcess(child, String(url));
  }

  /** Resolves when Kafka has acknowledged a task that a silent gateway sent. */
  async acknowledged(): Promise<void> {
    await once(this.#child, 'message');
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}
