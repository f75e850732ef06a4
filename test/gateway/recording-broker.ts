import { PenstockError } from '../../schemas/errors.ts';
import type { Broker, OutboundRecord, ProducerOptions, RecordPlace } from '../../topics/ports.ts';

/** A broker of which only the producing side is real; consumers hear nothing: it keeps what it is sent, and can be told to hang or fail. */
export interface RecordingBroker extends Broker {
  readonly sent: OutboundRecord[];
  /** Records of one topic. */
  of(topic: string): OutboundRecord[];
  behaviour: 'acknowledge' | 'hang' | Error;
  /** Lets what hangs through. */
  release(): void;
  closed: number;
  /** Calls that hang. */
  readonly waiting: number;
  /** What each producer was opened with. */
  readonly producers: ProducerOptions[];
}

export function createRecordingBroker(): RecordingBroker {
  const sent: OutboundRecord[] = [];
  let waiting: (() => void)[] = [];
  const next = new Map<string, number>();
  const place = ({ topic }: OutboundRecord): RecordPlace => {
    const offset = next.get(topic) ?? 0;
    next.set(topic, offset + 1);
    return { topic, partition: 0, offset };
  };
  const broker: RecordingBroker = {
    sent,
    of: (topic) => sent.filter((record) => record.topic === topic),
    behaviour: 'acknowledge',
    release() {
      broker.behaviour = 'acknowledge';
      for (const go of waiting) go();
      waiting = [];
    },
    closed: 0,
    get waiting() {
      return waiting.length;
    },
    producers: [],
    async producer(options = {}) {
      broker.producers.push(options);
      return {
        async send(records) {
          if (broker.behaviour === 'hang') await new Promise<void>((resolve) => waiting.push(resolve));
          if (broker.behaviour instanceof Error) throw broker.behaviour;
          sent.push(...records);
          return records.map(place);
        },
        async close() {
          broker.closed += 1;
        },
      };
    },
    consumer() {
      return { async start() {}, pause() {}, resume() {}, async commit() {}, async stop() {} };
    },
    async admin() {
      const refuse = async (): Promise<never> => {
        throw new Error('not part of this double');
      };
      return {
        async listTopics() {
          if (broker.behaviour === 'hang') await new Promise<void>((resolve) => waiting.push(resolve));
          if (broker.behaviour instanceof Error) throw broker.behaviour;
          return [];
        },
        async close() {},
        createTopics: refuse,
        growPartitions: refuse,
        alterTopicConfig: refuse,
        describeTopics: refuse,
        offsets: async (topic) => {
          throw new PenstockError('PIPE_TOPIC_UNKNOWN', `no topic ${topic} in this double`);
        },
        offsetsAt: refuse,
        groupOffsets: refuse,
        groupPlaces: refuse,
        setGroupOffsets: refuse,
        groupMembers: refuse,
      };
    },
  };
  return broker;
}
