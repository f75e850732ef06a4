import type { Readable } from 'node:stream';

/** Claim check: bytes kept in the blob store; only this reference travels through Kafka. */
export interface BlobRef {
  readonly key: string;
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly contentType: string;
}

/** Of a blob's bytes; both inclusive. */
export interface BlobRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Bytes by key. A put is atomic: readers see the old bytes or the new ones, never a part. Keys are relative paths of
 * letters, digits, `._-` and `/`; anything else is refused (PIPE_BLOB_KEY_INVALID).
 */
export interface BlobStore {
  put(
    key: string,
    bytes: Readable,
    options: { contentType: string; signal?: AbortSignal; maxBytes?: number },
  ): Promise<BlobRef>;
  /** Rejects with PIPE_BLOB_NOT_FOUND where there is none. */
  get(key: string, options?: { signal?: AbortSignal; range?: BlobRange }): Promise<Readable>;
  delete(key: string): Promise<void>;
}
