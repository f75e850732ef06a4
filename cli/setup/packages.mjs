import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runQuietly, SetupError, say } from './report.mjs';

/** Whether node_modules holds what package-lock.json names. Contents are compared: git and npm both set times as they like. */
export function arePackagesInstalled(root) {
  const wanted = readPackages(join(root, 'package-lock.json'));
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'));
  return Object.entries(wanted).every(
    ([path, entry]) => path === '' || entry.optional || entry.devOptional || installed[path]?.version === entry.version,
  );
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
  } catch {
    return {};
  }
}

export async function installPackages(root) {
  say('• packages: npm ci (some 700 MB with the embedded ClickHouse, once)');
  const { ok, output } = await runQuietly('npm ci', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
  });
  if (!ok) throw explain(output);
}

function explain(output) {
  // npm says what is wrong first, and how it is used at length after that.
  const told = output.split('\n').filter((line) => line.trim() !== '' && line.trim() !== 'npm error');
  const tail = `npm ci failed:\n    ${told.slice(0, 12).join('\n    ')}`;
  if (/ENOSPC|no space left/i.test(output)) {
    return new SetupError('PIPE_SETUP_DISK_FULL', tail, 'Free about 1.5 GB on this disk and try again.');
  }
  if (/ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|ENOTCACHED/.test(output)) {
    return new SetupError(
      'PIPE_SETUP_NETWORK',
      tail,
      'The npm registry cannot be reached: check the network, a proxy (npm config get proxy) and try again.',
    );
  }
  return new SetupError('PIPE_SETUP_PACKAGES_FAILED', tail, 'Run npm ci by hand to see all of its output.');
}
