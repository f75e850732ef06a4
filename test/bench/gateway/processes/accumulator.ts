import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyInstance } from 'fastify';
import { CompressionTypes, Kafka, logLevel, Partitioners, type Producer } from 'kafkajs';
import { serve } from '../../serve.ts';

/** The baseline: what somebody writes on fastify and kafkajs alone. A checked body, one send every few ms, no history. */

const lingerMs = 3;
/** As the gateway's: else a thousand connections at once lose their first packets, and seconds with them. */
const backlog = 4_096;

interface Waiting {
  readonly key: string;
  readonly value: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const body = {
  type: 'object',
  required: ['url', 'sentAtUs'],
  additionalProperties: false,
  properties: { url: { type: 'string' }, sentAtUs: { type: 'integer' }, name: { type: ['string', 'null'] } },
};
const answer = { type: 'object', properties: { id: { type: 'string' }, topic: { type: 'string' } } };

class Accumulator {
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly #producer: Producer;
  readonly #topic: string;

  constructor(producer: Producer, topic: string) {
    this.#producer = producer;
    this.#topic = topic;
  }

  add(key: string, value: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, value, resolve, reject });
      this.#timer ??= setTimeout(() => void this.#flush(), lingerMs);
    });
  }

  async #flush(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    this.#timer = undefined;
    try {
      await this.#producer.send({ topic: this.#topic, acks: -1, compression: CompressionTypes.None, messages: batch });
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}

let app: FastifyInstance | undefined;
let producer: Producer | undefined;

serve({
  async start({ brokers, topic }: { brokers: string[]; topic: string }): Promise<string> {
    const kafka = new Kafka({ brokers, clientId: 'bench-accumulator', logLevel: logLevel.ERROR });
    producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    const accumulator = new Accumulator(producer, topic);
    app = Fastify();
    app.post('/tasks', { schema: { body, response: { 202: answer } } }, async (request, reply) => {
      const id = randomUUID();
      await accumulator.add(id, JSON.stringify(request.body));
      return reply.code(202).send({ id, topic });
    });
    return `${await app.listen({ host: '127.0.0.1', port: 0, backlog })}/tasks`;
  },
  async stop() {
    await app?.close();
    await producer?.disconnect();
  },
});
