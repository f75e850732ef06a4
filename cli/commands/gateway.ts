import type { Command } from 'commander';
import { addConfigFlags, configOf, connectionFlags } from '../config-flags.ts';
import { openBroker, openCodec } from '../connect.ts';
import { loadPipelines, moduleFlag, modulesOf } from '../load-pipelines.ts';
import { createLogger } from '../logger.ts';
import { packageVersion } from '../package-version.ts';

interface GatewayFlags {
  readonly module?: readonly string[];
}

export function registerGateway(program: Command): void {
  const command = program.command('gateway').description('serve the HTTP API');
  addConfigFlags(command, ['httpHost', 'httpPort', ...connectionFlags])
    .option(...moduleFlag)
    .action(runGateway);
}

async function runGateway(flags: GatewayFlags & Readonly<Record<string, unknown>>): Promise<void> {
  const config = configOf(flags);
  const { checkExposure } = await import('../../gateway/plugins/host-guard.ts');
  checkExposure(config.http.host, config);
  const logger = createLogger('gateway', config.logLevel);
  const { startGateway, stopGracefully } = await import('../../gateway/server.ts');
  const broker = await openBroker(config, 'gateway', logger);
  const codec = await openCodec(config);
  const pipelines = await loadPipelines(config, modulesOf(flags));
  const { openBlobStore } = await import('../../processors/blobs/open-blob-store.ts');
  const blobs = openBlobStore(config.blobUrl, config.s3);
  stopGracefully(await startGateway({ config, broker, codec, pipelines, logger, blobs, version: packageVersion() }));
}
