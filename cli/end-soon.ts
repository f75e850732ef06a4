/** For the last of what a library still writes. */
const graceMs = 2_000;

/**
 * For a role that has stopped: it ends by itself once nothing is open. A socket that a library forgot (kafkajs, after its
 * broker was killed) would keep the process for ever, so it ends after a grace all the same.
 */
export function endSoon(): void {
  setTimeout(() => process.exit(), graceMs).unref();
}
