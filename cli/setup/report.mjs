// Plain JavaScript without packages: this runs on a clone where nothing is installed yet.
import { spawn } from 'node:child_process';

/** A failure that a user can mend: no stack trace is printed for it. */
export class SetupError extends Error {
  /** @param {string} code @param {string} message @param {string} remedy */
  constructor(code, message, remedy) {
    super(message);
    this.code = code;
    this.remedy = remedy;
  }
}

/** @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** @param {unknown} thrown @returns {never} */
export function endWith(thrown) {
  if (thrown instanceof Error && 'code' in thrown && 'remedy' in thrown) {
    say(`error ${thrown.code}: ${thrown.message}\n  → ${thrown.remedy}`);
  } else {
    const isDebug = process.env.PENSTOCK_LOG_LEVEL === 'debug';
    say(`error: ${thrown instanceof Error ? (isDebug && thrown.stack) || thrown.message : String(thrown)}`);
  }
  process.exit(1);
}

/**
 * Runs a program to its end, keeping its output; a line every ten seconds says that it still works.
 * @param {string} label @param {string} command @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<{ ok: boolean, output: string }>} ok is false too where the program does not exist
 */
export function runQuietly(label, command, args, options = {}) {
  const since = Date.now();
  const timer = setInterval(() => say(`  ${label}: ${Math.round((Date.now() - since) / 1000)} s …`), 10_000);
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-64 * 1024);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => resolve({ ok: false, output: error.message }));
    child.once('close', (code) => resolve({ ok: code === 0, output }));
  }).finally(() => clearInterval(timer));
}

/** The last lines that say something. @param {string} output @param {number} count */
export function lastLines(output, count) {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-count).join('\n    ');
}
