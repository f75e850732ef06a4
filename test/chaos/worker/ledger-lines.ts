/** A line of a worker's ledger: a JSON array, its kind first, then epoch ms. */
export type LedgerLine =
  /** All partitions that the worker owns of a group now: topic, partition, kept without a gap. */
  | readonly ['assigned', number, string, readonly (readonly [string, number, boolean])[]]
  /** A rebalance of the group began. */
  | readonly ['told', number, string]
  /** Run, topic, partition, offset, attempt, task, key. */
  | readonly ['start', number, number, string, number, number, number, string, string]
  | readonly ['end', number, number, 'ok' | 'retry' | 'gave-up' | 'aborted']
  /** The handler does harm to its process: from here on it cannot be sure of its membership. */
  | readonly ['harm', number, string]
  | readonly ['healed', number, string];
