import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { messageOf, PenstockError } from '../../schemas/errors.ts';
import type { Java } from './java.ts';

const run = promisify(execFile);

const templateFile = fileURLToPath(new URL('../kafka/server.properties', import.meta.url));

export interface KafkaPlace {
  readonly java: Java;
  /** Folder whose lib/ holds the jars. */
  readonly home: string;
  /** Kafka's own folder in the stack's data folder. */
  readonly folder: string;
}

export interface KafkaPorts {
  readonly kafkaPort: number;
  readonly controllerPort: number;
}

/** Writes the broker's properties, formats its log folder the first time; resolves with the properties file. */
export async function prepareKafka(place: KafkaPlace, ports: KafkaPorts): Promise<string> {
  const { folder } = place;
  const logDir = join(folder, 'log');
  await mkdir(folder, { recursive: true });
  if (!existsSync(join(logDir, 'meta.properties'))) await formatLogDir(place, ports, logDir);
  return writeProperties(join(folder, 'server.properties'), { ...ports, logDir });
}

/** Formats aside and renames, so that an end half way leaves nothing that looks formatted. */
async function formatLogDir(place: KafkaPlace, ports: KafkaPorts, logDir: string): Promise<void> {
  const aside = `${logDir}.new`;
  await rm(aside, { recursive: true, force: true });
  const file = await writeProperties(join(place.folder, 'format.properties'), { ...ports, logDir: aside });
  const args = ['-cp', `${place.home}/lib/*`, 'kafka.tools.StorageTool', 'format', '-t', newClusterId(), '-c', file];
  try {
    await run(place.java.command, args, { timeout: 60_000 });
  } catch (error) {
    const reason = messageOf(error).slice(0, 1000);
    throw new PenstockError('PIPE_STACK_COMPONENT_FAILED', `Kafka could not format ${logDir}: ${reason}`);
  }
  await rename(aside, logDir).catch(() => {
    // A folder with data and no meta.properties is somebody's loss to look at, not ours to wipe.
    throw new PenstockError('PIPE_STACK_COMPONENT_FAILED', `${logDir} holds files but no meta.properties of Kafka`);
  });
}

/** A UUID in Kafka's spelling; one that begins with a hyphen would be read as an option. */
function newClusterId(): string {
  const id = randomBytes(16).toString('base64url');
  return id.startsWith('-') ? newClusterId() : id;
}

async function writeProperties(file: string, values: KafkaPorts & { logDir: string }): Promise<string> {
  await writeFile(file, renderProperties(await readFile(templateFile, 'utf8'), { ...values }));
  return file;
}

/** Fills in `{{name}}`; in a properties file a backslash must be doubled. */
export function renderProperties(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{\{(\w+)\}\}/g, (_whole, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`no value for {{${name}}}`);
    return String(value).replaceAll('\\', '\\\\');
  });
}
