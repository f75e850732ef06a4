import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LaneGroup, type LaneNode, LaneScheduler } from '../../../processors/runtime/lanes.ts';

class Node implements LaneNode<Node> {
  phase: LaneNode<Node>['phase'] = 'new';
  laneNext: Node | null = null;
  chainNext: Node | null = null;
  readonly group: LaneGroup<Node>;
  readonly lane: string | null;
  readonly serial: number;

  constructor(group: LaneGroup<Node>, lane: string | null, serial: number) {
    this.group = group;
    this.lane = lane;
    this.serial = serial;
  }
}

type Step =
  | { do: 'add'; group: number; lane: string | null }
  | { do: 'next' | 'park' | 'unpark' | 'finish'; pick: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('add' as const),
    group: fc.nat(2),
    lane: fc.constantFrom('a', 'b', 'c', null),
  }),
  fc.record({ do: fc.constantFrom('next', 'next', 'park', 'unpark', 'finish' as const), pick: fc.nat(50) }),
);

/** Drives a scheduler and checks after each step what must always hold. */
class Bench {
  readonly groups = [new LaneGroup<Node>(), new LaneGroup<Node>(), new LaneGroup<Node>()];
  readonly running: Node[] = [];
  readonly parked: Node[] = [];
  readonly started: Node[] = [];
  readonly added: Node[] = [];
  readonly slots: number;
  readonly scheduler: LaneScheduler<Node>;

  constructor(slots: number) {
    this.slots = slots;
    this.scheduler = new LaneScheduler<Node>(slots);
  }

  apply(step: Step): void {
    if (step.do === 'add') this.add(step.group, step.lane);
    else if (step.do === 'next') this.next();
    else if (step.do === 'park') this.move(this.running, step.pick, (node) => this.park(node));
    else if (step.do === 'unpark') this.move(this.parked, step.pick, (node) => this.scheduler.unpark(node));
    else this.move(step.pick % 2 ? this.running : this.parked, step.pick, (node) => this.scheduler.finish(node));
    expect(this.running.length).toBeLessThanOrEqual(this.slots);
    expect(this.scheduler.freeSlots).toBe(this.slots - this.running.length);
  }

  add(group: number, lane: string | null): void {
    const owner = this.groups[group];
    if (owner === undefined) throw new Error('no such group');
    const node = new Node(owner, lane, this.added.length);
    this.added.push(node);
    this.scheduler.add(node);
  }

  next(): Node | null {
    const node = this.scheduler.next();
    if (node === null) return null;
    const held = [...this.running, ...this.parked].some(
      (other) => node.lane !== null && other.lane === node.lane && other.group === node.group,
    );
    expect(held).toBe(false);
    this.running.push(node);
    if (!this.started.includes(node)) this.started.push(node);
    return node;
  }

  park(node: Node): void {
    this.scheduler.park(node);
    this.parked.push(node);
  }

  move(from: Node[], pick: number, act: (node: Node) => void): void {
    const [node] = from.length === 0 ? [] : from.splice(pick % from.length, 1);
    if (node !== undefined) act(node);
  }

  drain(): void {
    for (const node of this.parked.splice(0)) this.scheduler.unpark(node);
    while (this.running.length > 0 || this.next() !== null) {
      for (const node of this.running.splice(0)) this.scheduler.finish(node);
    }
  }
}

describe('lanes', () => {
  it('keeps one of a lane at a time, order in a lane and the slots; runs everything; leaves no empty lane', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 300 }), (slots, steps) => {
        const bench = new Bench(slots);
        for (const each of steps) bench.apply(each);
        bench.drain();
        expect(bench.started.length).toBe(bench.added.length);
        for (const group of bench.groups) {
          expect(group.tails.size).toBe(0);
          for (const lane of ['a', 'b', 'c']) {
            const serials = bench.started.filter((node) => node.group === group && node.lane === lane);
            expect(serials.map((node) => node.serial)).toEqual(
              serials.map((node) => node.serial).toSorted((a, b) => a - b),
            );
          }
        }
      }),
    );
  });

  it('serves partitions in turn, however full one of them is', () => {
    const bench = new Bench(10);
    for (let index = 0; index < 100; index++) bench.add(0, null);
    bench.add(1, null);
    bench.add(2, null);
    const first = [bench.next(), bench.next(), bench.next()].map((node) =>
      bench.groups.indexOf(node?.group ?? new LaneGroup<Node>()),
    );
    expect(first.toSorted()).toEqual([0, 1, 2]);
  });

  it('lets everything else run while one lane is blocked', () => {
    const bench = new Bench(2);
    for (let index = 0; index < 5; index++) bench.add(0, 'a');
    bench.add(0, 'b');
    bench.add(0, null);
    const blocked = bench.next();
    const others = [0, 1].map(() => {
      const node = bench.next();
      if (node !== null) bench.scheduler.finish(bench.running.pop() ?? node);
      return node?.lane;
    });
    expect(blocked?.lane).toBe('a');
    expect(others).toEqual(['b', null]);
  });

  it('forgets a dropped group, and its running tasks still give their slots back', () => {
    const bench = new Bench(1);
    bench.add(0, 'a');
    bench.add(0, 'a');
    bench.add(1, 'z');
    const running = bench.next();
    const [group] = bench.groups;
    if (running === null || group === undefined) throw new Error('nothing ran');
    bench.scheduler.drop(group);
    bench.scheduler.finish(running);
    bench.running.length = 0;
    expect(bench.next()?.lane).toBe('z');
    expect(bench.next()).toBe(null);
  });
});
