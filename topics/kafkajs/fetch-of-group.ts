/** The members of kafkajs' consumer group that are needed here; it answers with batches. */
export type GroupFetch = (this: { readonly cluster: object }, nodeId: string) => Promise<readonly unknown[]>;
