import type { S3Options } from '../blobs/s3-client.ts';
import { definePipeline, type Pipeline } from '../pipeline.ts';
import { downloadStage } from '../stages/download.ts';
import { transformStage } from '../stages/transform.ts';
import { uploadStage } from '../stages/upload.ts';

export interface AssetsOptions {
  /** Hosts, host:port, addresses or CIDRs that downloads may reach although the SSRF guard refuses them. */
  readonly downloadAllow: readonly string[];
  /** `file:///folder`, `s3://bucket/prefix` or `http(s)://host/prefix`. */
  readonly uploadUrl: string;
  readonly s3: S3Options;
  /** Where conversions keep their files meanwhile. Default: a folder in the system's temporary one. */
  readonly temporaryFolder?: string;
}

/** The pipeline `assets`: download → transform → upload. Nothing is opened before its first task. */
export function assetsPipeline(options: AssetsOptions): Pipeline {
  const { downloadAllow, uploadUrl, s3, temporaryFolder } = options;
  return definePipeline({
    name: 'assets',
    done: true,
    stages: [
      downloadStage({ allow: downloadAllow }),
      transformStage(temporaryFolder === undefined ? {} : { temporaryFolder }),
      uploadStage({ uploadUrl, s3 }),
    ],
  });
}
