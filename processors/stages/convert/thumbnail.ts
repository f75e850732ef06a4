import sharp from 'sharp';
import { messageOf, PenstockError } from '../../../schemas/errors.ts';

export interface ThumbnailLimits {
  /** Longest side of the thumbnail; smaller images keep their size. Default 512. */
  readonly maxSidePx: number;
  /** Pixels of the input, read from its header before any is decoded. Default 64 million. */
  readonly maxInputPixels: number;
  /** libvips cannot be interrupted from outside, so it watches the clock itself. Default 60. */
  readonly maxSeconds: number;
}

export const defaultThumbnailLimits: ThumbnailLimits = { maxSidePx: 512, maxInputPixels: 64_000_000, maxSeconds: 60 };

function imageFailure(error: unknown): PenstockError {
  const message = messageOf(error).split('\n')[0]?.slice(0, 200) ?? '';
  const isLimit = /pixel limit|^timeout/i.test(message);
  return isLimit
    ? new PenstockError('PIPE_TRANSFORM_LIMIT', `image: ${message}`, { cause: error })
    : new PenstockError('PIPE_TRANSFORM_IMAGE_BROKEN', `the image cannot be decoded: ${message}`, { cause: error });
}

/**
 * A WebP of the first frame, upright, without metadata. Runs on sharp's own threads. A truncated file is an error even
 * where half a picture could be made of it.
 */
export async function makeThumbnail(path: string, limits: ThumbnailLimits): Promise<Buffer> {
  try {
    return await sharp(path, { limitInputPixels: limits.maxInputPixels, failOn: 'error', pages: 1 })
      .autoOrient()
      .resize({ width: limits.maxSidePx, height: limits.maxSidePx, fit: 'inside', withoutEnlargement: true })
      .webp({ quality: 80 })
      .timeout({ seconds: limits.maxSeconds })
      .toBuffer();
  } catch (error) {
    throw imageFailure(error);
  }
}
