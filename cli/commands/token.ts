import { randomBytes } from 'node:crypto';
import { type Command, InvalidArgumentError } from 'commander';
import { hashOfToken, parseTokenEntry } from '../../schemas/config/token-entry.ts';
import { messageOf, PenstockError } from '../../schemas/errors.ts';
import { printData, printProgress } from '../output.ts';

interface TokenFlags {
  readonly roles: string;
  readonly name?: string;
  readonly tenant?: string;
  readonly pipelines?: string;
  readonly perSecond?: string;
  readonly json?: true;
}

const tokenBytes = 32;

export function registerToken(program: Command): void {
  const command = program.command('token').description('bearer tokens of the gateway');
  command
    .command('create')
    .description('make a token and the line that lets the gateway know it; stores nothing')
    .option('--roles <roles>', 'submit, read, operate, admin, joined by + or commas', plusJoined, 'submit+read')
    .option('--name <name>', 'stands in the audit log')
    .option('--tenant <tenant>', 'sees and makes tasks of this tenant alone')
    .option('--pipelines <pipelines>', 'sees and feeds these pipelines alone, joined by + or commas', plusJoined)
    .option('--per-second <requests>', 'requests a second that it may make')
    .option('--json', 'print it as JSON')
    .action(createToken);
}

/** The entry holds the hash alone, so that its file tells nobody the token. */
function createToken(flags: TokenFlags): void {
  const token = randomBytes(tokenBytes).toString('base64url');
  const fields = { name: flags.name, roles: flags.roles, tenant: flags.tenant, pipelines: flags.pipelines };
  const pairs = Object.entries({ ...fields, 'per-second': flags.perSecond });
  const entry = [
    `sha256:${hashOfToken(token)}`,
    ...pairs.flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`])),
  ].join(' ');
  try {
    parseTokenEntry(entry);
  } catch (thrown) {
    throw new PenstockError('PIPE_CLI_USAGE', `the token ${messageOf(thrown)}`);
  }
  const isJson = flags.json === true;
  if (!isJson) printProgress('give the token to its user; add the line to the file of PENSTOCK_TOKENS_FILE');
  printData({ token, entry }, { json: isJson, text: () => `token: ${token}\nline:  ${entry}` });
}

/** A comma parts entries in PENSTOCK_TOKENS. */
function plusJoined(value: string): string {
  if (value.trim() === '') throw new InvalidArgumentError('it is empty');
  return value.split(/\s*[,+]\s*/).join('+');
}
