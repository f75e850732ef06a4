import type { Config } from '../../schemas/config.ts';
import { redactUrl } from '../../schemas/config.ts';
import { type ErrorCode, errorCatalogue } from '../../schemas/error-catalogue.ts';
import { messageOf } from '../../schemas/errors.ts';
import type { Admin } from '../../topics/ports.ts';
import { openBroker, withAdmin } from '../connect.ts';
import { createLogger } from '../logger.ts';
import { examine, type Finding, fail, ok, warn } from './finding.ts';

const limitMs = 5000;

/** Whether the configured services answer, and Kafka has the topics. */
export async function examineServices(config: Config, modules: readonly string[]): Promise<Finding[]> {
  const groups = await Promise.all([
    examineBroker(config, modules),
    examineHttp('registry', config.registryUrl, '/subjects', 'PIPE_REGISTRY_UNAVAILABLE'),
    examineHttp('ClickHouse', config.clickhouse.url, '/ping', 'PIPE_CLICKHOUSE_UNAVAILABLE'),
  ]);
  return groups.flat();
}

async function examineBroker(config: Config, modules: readonly string[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  const shown = config.brokers.join(', ');
  const broker = await examine('Kafka', async () => {
    const connection = await openBroker(config, 'doctor', createLogger('doctor', 'silent'));
    await withAdmin(connection, async (admin) => {
      findings.push(await examine('topics', () => examineTopics(admin, config, modules)));
    });
    return ok('Kafka', `${shown} answers`);
  });
  return [broker, ...findings];
}

async function examineTopics(admin: Admin, config: Config, modules: readonly string[]): Promise<Finding> {
  const { topicsOf } = await import('../../topics/catalogue.ts');
  const { planProvisioning } = await import('../../topics/provision.ts');
  const { loadPipelines } = await import('../load-pipelines.ts');
  const wanted = topicsOf(await loadPipelines(config, modules));
  const { steps } = planProvisioning(wanted, await admin.describeTopics(wanted.map(({ name }) => name)));
  if (steps.length === 0) return ok('topics', `${wanted.length} as the catalogue says`);
  const names = steps.map(({ kind, topic }) => `${kind} ${topic}`).slice(0, 5);
  const more = steps.length > names.length ? ` and ${steps.length - names.length} more` : '';
  return warn('topics', `to do: ${names.join(', ')}${more}`, 'Run penstock topics provision.');
}

/** Whether a service answers HTTP there; what it answers is not read. */
export function examineHttp(check: string, url: string, path: string, code: ErrorCode): Promise<Finding[]> {
  return examine(check, async () => {
    const shown = redactUrl(url);
    const { remedy } = errorCatalogue[code];
    try {
      const { address, headers } = withoutCredentials(new URL(path, url));
      const reply = await fetch(address, { headers, signal: AbortSignal.timeout(limitMs) });
      await reply.body?.cancel();
      return reply.ok ? ok(check, `${shown} answers`) : fail(check, `${shown} answers ${reply.status}`, remedy);
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      return fail(check, `${shown} gives no answer (${messageOf(cause)})`, remedy);
    }
  }).then((finding) => [finding]);
}

/** fetch refuses a URL with a password in it, and says it aloud. */
function withoutCredentials(url: URL): { address: URL; headers: Record<string, string> } {
  const { username, password } = url;
  const address = new URL(url);
  address.username = '';
  address.password = '';
  if (username === '' && password === '') return { address, headers: {} };
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { address, headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
}
