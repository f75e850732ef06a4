#!/usr/bin/env node
import { runCli } from './run-cli.ts';

const exitCode = await runCli(process.argv.slice(2));
for (const stream of [process.stdout, process.stderr]) await new Promise((resolve) => stream.write('', resolve));
// A socket that a library forgot (kafkajs, after its broker was killed) would keep the process for ever.
process.exit(exitCode);
