import { Chain, type Link } from './chain.ts';

type Phase = 'new' | 'waiting' | 'ready' | 'running' | 'parked' | 'ended';

/** What the scheduler keeps on a task. The links are its own; a node is in one chain at a time. */
export interface LaneNode<Self extends LaneNode<Self>> extends Link<Self> {
  phase: Phase;
  /** Tasks of one lane of a group run one after another; null: runs with anything. */
  lane: string | null;
  laneNext: Self | null;
  readonly group: LaneGroup<Self>;
}

/** The lanes of one assigned partition. */
export class LaneGroup<Node extends LaneNode<Node>> {
  /** Newest task of each lane that has one; an empty lane leaves no trace. */
  readonly tails = new Map<string, Node>();
  readonly ready = new Chain<Node>();
  active = false;
  dropped = false;
  chainNext: LaneGroup<Node> | null = null;
}

/**
 * Decides which task runs next: at most `slots` at once over all groups, one at a time in a lane, in order of arrival
 * within a lane, groups in turn. Every operation is O(1). It knows nothing of time, promises or Kafka.
 */
export class LaneScheduler<Node extends LaneNode<Node>> {
  readonly #groups = new Chain<LaneGroup<Node>>();
  #freeSlots: number;

  constructor(slots: number) {
    this.#freeSlots = slots;
  }

  get freeSlots(): number {
    return this.#freeSlots;
  }

  /** Returns whether it can run as soon as a slot is free; false: its lane is busy. */
  add(node: Node): boolean {
    const { group, lane } = node;
    if (lane !== null) {
      const tail = group.tails.get(lane);
      group.tails.set(lane, node);
      if (tail !== undefined) {
        tail.laneNext = node;
        node.phase = 'waiting';
        return false;
      }
    }
    this.#makeReady(node);
    return true;
  }

  /** Takes a slot; null: none is free, or nothing can run. */
  next(): Node | null {
    if (this.#freeSlots <= 0) return null;
    const group = this.#nextGroup();
    const node = group?.ready.shift() ?? null;
    if (group === null || node === null) return null;
    if (group.ready.head === null) group.active = false;
    else this.#groups.push(group);
    this.#freeSlots--;
    node.phase = 'running';
    return node;
  }

  /** A running task that must wait: gives its slot back and keeps its lane. */
  park(node: Node): void {
    if (node.phase !== 'running') return;
    node.phase = 'parked';
    this.#freeSlots++;
  }

  /** A parked task that can go on. */
  unpark(node: Node): void {
    if (node.phase !== 'parked' || node.group.dropped) return;
    this.#makeReady(node);
  }

  /** Running or parked; its slot and its lane are free again. */
  finish(node: Node): void {
    if (node.phase === 'running') this.#freeSlots++;
    node.phase = 'ended';
    const { group, lane, laneNext } = node;
    if (lane === null || group.dropped) return;
    node.laneNext = null;
    if (laneNext !== null) this.#makeReady(laneNext);
    else if (group.tails.get(lane) === node) group.tails.delete(lane);
  }

  /** Forgets what waits in the group; running ones still have to be finished. */
  drop(group: LaneGroup<Node>): void {
    group.dropped = true;
    group.tails.clear();
    group.ready.clear();
  }

  #makeReady(node: Node): void {
    const { group } = node;
    node.phase = 'ready';
    group.ready.push(node);
    if (group.active) return;
    group.active = true;
    this.#groups.push(group);
  }

  #nextGroup(): LaneGroup<Node> | null {
    let group = this.#groups.shift();
    while (group?.dropped) group = this.#groups.shift();
    return group;
  }
}
