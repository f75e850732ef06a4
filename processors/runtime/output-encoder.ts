import type { Codec } from '../../schemas/codec.ts';
import { type Envelope, envelopeHeader, writeEnvelope } from '../../schemas/envelope.ts';
import { messageOf, PenstockError } from '../../schemas/errors.ts';
import { childId } from '../../schemas/task-id.ts';
import type { OutboundRecord } from '../../topics/ports.ts';
import type { Output } from '../stage.ts';
import { readResult, type TaskResult } from './read-result.ts';
import type { StagePlan, Target } from './stage-plan.ts';
import type { TaskRun } from './task-run.ts';

/** What a handler handed on, as records. */
export interface HandedOn {
  readonly records: readonly OutboundRecord[];
  readonly bytes: number;
  /** Empty: the task ended here, or fanned out. */
  readonly nextStage: string;
  /** How many tasks it fanned out into. */
  readonly children: number;
  readonly result?: TaskResult;
}

/** Turns what a handler returned into records; handlers return anything, so everything is checked here. */
export class OutputEncoder {
  readonly #plan: StagePlan;
  readonly #codec: Codec;
  readonly #maxBytes: number;

  constructor(plan: StagePlan, codec: Codec, maxBytes: number) {
    this.#plan = plan;
    this.#codec = codec;
    this.#maxBytes = maxBytes;
  }

  /** One output goes on under the task's id; a list makes children; nothing ends the task. */
  all(run: TaskRun, envelope: Envelope, outputs: unknown): HandedOn {
    if (outputs === undefined || outputs === null) return nothing;
    if (Array.isArray(outputs)) return this.#children(run, envelope, outputs);
    const result = readResult(outputs);
    if (result !== undefined) return { result, ...nothing, bytes: Buffer.byteLength(result.json) };
    const record = this.#record(run, outputs, handedOn(envelope));
    return {
      records: [record],
      bytes: record.value?.length ?? 0,
      nextStage: checkedOutput(outputs).stage,
      children: 0,
    };
  }

  /** A child of the task: its id follows from parent, stage and index, so a second run makes the same one. */
  child(run: TaskRun, envelope: Envelope, output: unknown, index: number): OutboundRecord {
    const id = childId(envelope.id, this.#plan.stage.name, index);
    const { parent, root = parent } = envelope;
    const ancestors = root === undefined ? { parent: envelope.id } : { parent: envelope.id, root };
    return this.#record(run, output, Object.assign({}, handedOn(envelope), ancestors, { id }));
  }

  #children(run: TaskRun, envelope: Envelope, outputs: readonly unknown[]): HandedOn {
    // Unlike map() it does not pass over holes.
    const records = Array.from(outputs, (each, index) => this.child(run, envelope, each, index));
    const bytes = records.reduce((sum, record) => sum + (record.value?.length ?? 0), 0);
    return { records, bytes, nextStage: '', children: records.length };
  }

  #record(run: TaskRun, output: unknown, envelope: Envelope): OutboundRecord {
    const { stage, payload, key } = checkedOutput(output);
    const target = this.#plan.targets.get(stage);
    if (target === undefined) {
      throw new PenstockError('PIPE_STAGE_UNKNOWN', `pipeline “${this.#plan.pipeline}” has no stage “${stage}”`);
    }
    const value = encodeChecked(this.#codec, target, payload, stage);
    const header = writeEnvelope(envelope);
    const recordKey = key ?? run.record.key ?? envelope.id;
    const bytes = value.length + header.length + recordKey.length + framingBytes;
    if (bytes > this.#maxBytes) throw tooLarge(stage, bytes, this.#maxBytes);
    return { topic: target.topic, key: recordKey, value, headers: { [envelopeHeader]: header } };
  }
}

/** What Kafka adds to a record that travels alone, from above. */
const framingBytes = 128;

const nothing: HandedOn = { records: [], bytes: 0, nextStage: '', children: 0 };

function tooLarge(stage: string, bytes: number, maxBytes: number): PenstockError {
  const message = `an output for stage “${stage}” makes a record of ${bytes} bytes; at most ${maxBytes} travel`;
  return new PenstockError('PIPE_TASK_TOO_LARGE', message, { context: { bytes, maxBytes } });
}

function encodeChecked(codec: Codec, target: Target, payload: unknown, stage: string): Buffer {
  try {
    return codec.encode(target.schema, target.subject, payload);
  } catch (cause) {
    throw new PenstockError('PIPE_STAGE_OUTPUT_INVALID', `output for stage “${stage}”: ${messageOf(cause)}`, { cause });
  }
}

function checkedOutput(output: unknown): Output {
  if (isOutput(output)) return output;
  const what = output === null ? 'null' : typeof output;
  throw new PenstockError(
    'PIPE_STAGE_OUTPUT_INVALID',
    `process() must return what to() makes, a list of it, what result() makes, or nothing; got ${what}`,
  );
}

function isOutput(output: unknown): output is Output {
  if (typeof output !== 'object' || output === null) return false;
  if (!('stage' in output) || typeof output.stage !== 'string' || !('payload' in output)) return false;
  return !('key' in output) || output.key === undefined || typeof output.key === 'string';
}

/** Attempt, notBefore, failedAt and requeued belong to this hop only; all else goes with the task. */
function handedOn(envelope: Envelope): Envelope {
  const { attempt, notBefore, failedAt, requeued, ...rest } = envelope;
  const isPlain = attempt === undefined && notBefore === undefined && failedAt === undefined && requeued === undefined;
  return isPlain ? envelope : rest;
}
