import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { lastLines, runQuietly, SetupError, say } from './report.mjs';

/** Java, Maven and Kafka's jars; what is missing is installed where that needs no question (Debian, as root). */
export async function prepareToolchain(root) {
  const embedded = (name) => import(pathToFileURL(join(root, 'dist', 'deploy', 'embedded', `${name}.js`)).href);
  const { findJava } = await embedded('java');
  const { ensureKafkaJars, hasKafkaJars } = await embedded('kafka-jars');
  const hasJars = await hasKafkaJars();
  const isJavaMissing = await findJava().then(
    () => false,
    (error) => error,
  );
  const missing = [
    ...(isJavaMissing ? ['openjdk-17-jre-headless'] : []),
    ...(hasJars || isOnPath('mvn') ? [] : ['maven']),
  ];
  if (missing.length > 0 && canInstall()) {
    const remedy = 'Install Java 17 or newer and Maven by hand, then try again.';
    await installWithApt(missing, 'PIPE_SETUP_JAVA_FAILED', remedy);
  }
  const { major } = await findJava();
  say(`• Java ${major}`);
  if (!hasJars) await ensureKafkaJars((line) => say(`• Kafka: ${line}`));
}

/** What the dashboard is tested in. Without one those tests are skipped, and say so. */
export async function prepareBrowser() {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  if (process.env.PENSTOCK_CHROMIUM || names.some(isOnPath)) return;
  if (!canInstall()) {
    say('• no Chromium: the tests of the dashboard are skipped (install one, or name it in PENSTOCK_CHROMIUM)');
    return;
  }
  await installWithApt(['chromium'], 'PIPE_SETUP_BROWSER_FAILED', 'Install Chromium by hand, then try again.');
}

function isOnPath(command) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function canInstall() {
  return process.platform === 'linux' && existsSync('/etc/debian_version') && process.getuid?.() === 0;
}

async function installWithApt(packages, code, remedy) {
  say(`• apt-get install ${packages.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await runQuietly('apt-get update', 'apt-get', ['update', '-q'], { env });
  const args = ['install', '-y', '-q', '--no-install-recommends', ...packages];
  const { ok, output } = await runQuietly('apt-get install', 'apt-get', args, { env });
  if (ok) return;
  throw new SetupError(
    code,
    `apt-get could not install ${packages.join(' and ')}:\n    ${lastLines(output, 8)}`,
    remedy,
  );
}
