// Each is a defect that field experience warns of, as one edit of the engine. `find` must occur exactly once.
const runtime = 'processors/runtime';

interface Edit {
  readonly find: string;
  readonly replace: string;
}

interface Mutant extends Edit {
  readonly name: string;
  readonly file: string;
  /** In the same file. */
  readonly also?: Edit;
}

export const mutants: readonly Mutant[] = [
  {
    name: 'commit before process',
    file: `${runtime}/stage-engine.ts`,
    find: 'this.#parts.gate.took(share, run.bytes);',
    replace: 'this.#parts.gate.took(share, run.bytes);\n    share.tracker.finish(run.ticket);',
  },
  {
    name: 'commit before the outputs are acknowledged',
    file: `${runtime}/completion-writer.ts`,
    find: 'const sent = await this.#options.sender.send(',
    replace: 'this.#options.onDurable(live);\n      await this.#options.sender.send(',
    also: { find: 'if (sent) this.#options.onDurable(live);', replace: '' },
  },
  {
    name: 'commit the highest offset over a gap',
    file: `${runtime}/offset-tracker.ts`,
    find: 'if (ticket === this.#head) this.#advance();',
    replace: 'this.#head = Math.max(this.#head, ticket);\n    this.#advance();',
  },
  {
    name: 'commit what is taken, not what is finished',
    file: `${runtime}/committer.ts`,
    find: 'offset: tracker.position,',
    replace: 'offset: tracker.position + tracker.span,',
  },
  {
    name: 'metadata says more than is finished',
    file: `${runtime}/offset-tracker.ts`,
    find: 'end: run.end - base }))',
    replace: 'end: run.end - base + 1 }))',
  },
  {
    name: 'finished offsets are not restored',
    file: `${runtime}/offset-tracker.ts`,
    find: 'this.#restored.length > 0 && this.#wasFinished(offset)',
    replace: 'this.#restored.length < 0 && this.#wasFinished(offset)',
  },
  {
    name: 'refetched records run again',
    file: `${runtime}/offset-tracker.ts`,
    find: 'if (offset <= this.#newest) return alreadyTaken;',
    replace: '',
  },
  {
    name: 'swallow a handler error',
    file: `${runtime}/task-endings.ts`,
    find: 'this.dead(run, envelope, verdict.failure, startedAt, endedAt);',
    replace: "this.succeeded(run, envelope, { records: [], bytes: 0, nextStage: '' }, startedAt);",
  },
  {
    name: 'dead-letter without waiting',
    file: `${runtime}/dead-letter-writer.ts`,
    find: 'this.#loop.add(death);',
    replace: 'this.#loop.add(death);\n    this.#options.onBuried(death);',
    also: { find: 'for (const death of live) onBuried(death);', replace: 'void onBuried;' },
  },
  {
    name: 'a dead letter that is refused is forgotten',
    file: `${runtime}/dead-letter-writer.ts`,
    find: 'await sender.send(letters, { alive, tooLarge })',
    replace: '((await Promise.race([sender.send(letters, { alive, tooLarge }), Promise.resolve(true)])) || true)',
  },
  {
    name: 'a send that fails counts as sent',
    file: `${runtime}/durable-sender.ts`,
    find: 'await this.#pause(delayMs);',
    replace: 'return true;',
  },
  {
    name: 'drop on revoke: what runs is lost though the partition is kept',
    file: `${runtime}/stage-engine.ts`,
    find: 'for (const share of lost) executor.abandon(share);',
    replace: 'for (const share of [...lost, ...this.#members.shares]) executor.abandon(share);',
  },
  {
    name: 'commit on revoke what is not finished',
    file: `${runtime}/stage-engine.ts`,
    find: 'void committer.commit(this.#members.shares);\n    await within',
    replace:
      'const shares = this.#members.shares;\n    void this.#parts.consumer.commit(shares.map(({ topic, partition, tracker }) => ({ topic, partition, offset: tracker.position + tracker.span, metadata: "" }))).catch(() => undefined);\n    await within',
  },
  {
    name: 'no fence of old epochs: an old tracker lives on',
    file: `${runtime}/membership.ts`,
    find: 'assigned.kept ? before.get(keyOf(assigned)) : undefined',
    replace: 'before.get(keyOf(assigned))',
  },
  {
    name: 'handlers of a lost partition are not told',
    file: `${runtime}/stage-engine.ts`,
    find: 'for (const share of lost) executor.abandon(share);',
    replace: '',
  },
  {
    name: 'what waits of a lost partition still runs',
    file: `${runtime}/stage-engine.ts`,
    find: 'for (const share of lost) scheduler.drop(share.lanes);',
    replace: '',
  },
  {
    name: 'lose a retry timer',
    file: `${runtime}/delay-queue.ts`,
    find: 'this.#onDue(first.item);\n    }\n    this.#arm();',
    replace: 'this.#onDue(first.item);\n    }',
  },
  {
    name: 'a retry timer is late: only the newest is armed',
    file: `${runtime}/delay-queue.ts`,
    find: 'if (dueAt < this.#timerDueAt) this.#arm();',
    replace: 'if (this.#heap.length === 1) this.#arm();\n    else if (dueAt < this.#timerDueAt) this.#heap.pop();',
  },
  {
    name: 'a task that comes back is committed before its record is written',
    file: `${runtime}/task-endings.ts`,
    find: 'retries.add({ run, row: attemptRow(run, envelope, ending), outputs: [output], last: true });',
    replace:
      'retries.add({ run, row: attemptRow(run, envelope, ending), outputs: [], last: true });\n    setTimeout(() => retries.add({ run, row: null, outputs: [output], last: false }), 5);',
  },
  {
    name: 'a task that comes back has forgotten its attempts',
    file: `${runtime}/task-endings.ts`,
    find: 'attempt: run.attempt + 1,',
    replace: 'attempt: 1,',
  },
  {
    name: 'a task runs before its time',
    file: `${runtime}/task-executor.ts`,
    find: 'notBefore !== undefined && notBefore > now',
    replace: 'notBefore !== undefined && notBefore > now + 50',
  },
  {
    name: 'lanes are not kept',
    file: `${runtime}/stage-engine.ts`,
    find: 'return record.key === null ? null : record.key.toString();',
    replace: 'return null;',
  },
  {
    name: 'a retry gives its lane up',
    file: `${runtime}/lanes.ts`,
    find: "node.phase = 'parked';\n    this.#freeSlots++;",
    replace:
      "node.phase = 'parked';\n    this.#freeSlots++;\n    if (node.laneNext !== null) {\n      this.#makeReady(node.laneNext);\n      node.laneNext = null;\n    }",
  },
  {
    name: 'slots are leaked where the partition is the lane',
    file: `${runtime}/lanes.ts`,
    find: "if (node.phase === 'running') this.#freeSlots++;\n    node.phase = 'ended';",
    replace: "if (node.phase === 'running' && node.lane !== '') this.#freeSlots++;\n    node.phase = 'ended';",
  },
  {
    name: 'more slots than the stage has',
    file: `${runtime}/stage-parts.ts`,
    find: 'new LaneScheduler<TaskRun>(slotsOf(stage))',
    replace: 'new LaneScheduler<TaskRun>(slotsOf(stage) + 1)',
  },
  {
    name: 'a timeout is not a failure',
    file: `${runtime}/task-executor.ts`,
    find: 'this.#guard(() => this.#endings.failed(run, openEnvelope(run), timeout, startedAt));',
    replace: 'this.#options.scheduler.finish(run);',
  },
  {
    name: 'a failed commit is never tried again',
    file: `${runtime}/committer.ts`,
    find: 'const versions = changed.map((share) => share.version);',
    replace:
      'const versions = changed.map((share) => share.version);\n    for (const share of changed) share.committedVersion = share.version;',
  },
];
