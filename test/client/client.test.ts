import { describe, expect, it, onTestFinished } from 'vitest';
import { PenstockClient, type TaskEvent } from '../../client/index.ts';
import { reject, result } from '../../processors/stage.ts';
import { openSystem } from '../gateway/watching/watching-system.ts';
import { gate } from '../processors/runtime/runner-bench.ts';

interface Payloads {
  readonly p: { readonly n: number; readonly fan?: number };
}

type Handler = Parameters<typeof openSystem>[0];

/** A client of a gateway that listens, and whose every answer goes through `through`. */
async function connect(
  process: Handler,
  through?: (send: () => Promise<Response>, tries: number) => Promise<Response>,
) {
  const { gateway, worker, broker } = await openSystem(process);
  const app = gateway();
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const started = await worker();
  let tries = 0;
  const passed: typeof fetch = (input, init) => {
    const send = () => fetch(input, init);
    return through ? through(send, ++tries) : send();
  };
  return { client: new PenstockClient<Payloads>({ url: `${url}/`, fetch: passed }), app, broker, worker: started };
}

const tasksIn = async (broker: Awaited<ReturnType<typeof connect>>['broker']) => {
  const offsets = await (await broker.admin()).offsets('p.work');
  return offsets.reduce((sum, { latest }) => sum + latest, 0);
};

describe('the client', () => {
  it('submits a task, waits for it, and reads its result', async () => {
    const { client } = await connect(({ payload }) => result({ doubled: payload.n * 2 }));
    const ending = await client.run<'p', { doubled: number }>('p', { n: 21 }, { timeoutMs: 10_000 });
    expect(ending).toMatchObject({ state: 'succeeded', result: { doubled: 42 } });
    expect(await (await client.result(ending.id)).json()).toEqual({ doubled: 42 });
    expect(await client.cancel(ending.id)).toBe('finished');
    expect(await client.task('unknown')).toBeUndefined();
  });

  it('makes one task of a submission whose answers get lost', async () => {
    const { client, broker } = await connect(
      () => undefined,
      async (send, tries) => {
        const answer = await send();
        if (tries < 3) throw new TypeError('the connection broke');
        return answer;
      },
    );
    const { id } = await client.submit('p', { n: 1 });
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await tasksIn(broker)).toBe(1);
  });

  it('waits as a busy gateway asks, and gives up after its attempts', async () => {
    let asked = 0;
    const busy = async () => {
      asked++;
      const problem = { code: 'PIPE_GATEWAY_OVERLOADED', detail: 'too much', status: 503 };
      return new Response(JSON.stringify(problem), { status: 503, headers: { 'retry-after': '0' } });
    };
    const client = new PenstockClient({ url: 'http://gateway.example', fetch: busy, attempts: 4 });
    await expect(client.submit('p', {})).rejects.toMatchObject({ code: 'PIPE_GATEWAY_OVERLOADED', status: 503 });
    expect(asked).toBe(4);
  });

  it('does not repeat what is refused, and says why', async () => {
    let asked = 0;
    const { client } = await connect(
      () => undefined,
      (send) => {
        asked++;
        return send();
      },
    );
    // @ts-expect-error: the payload's type says so too.
    const refused = await client.submit('p', { n: 'one' }).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      name: 'PenstockRequestError',
      code: 'PIPE_TASK_SCHEMA_MISMATCH',
      problem: { errors: [{ pointer: '/n' }] },
    });
    expect(asked).toBe(1);
  });

  it('submits as many as there are, and says which were not taken', async () => {
    const { client, broker } = await connect(() => undefined);
    async function* payloads() {
      for (let n = 0; n < 12_000; n++) yield { n: n === 11_000 ? Number.NaN : n };
    }
    const receipt = await client.submitMany('p', payloads());
    expect(receipt.accepted).toBe(11_999);
    expect(receipt.rejected).toMatchObject([{ index: 11_000, error: { code: 'PIPE_TASK_SCHEMA_MISMATCH' } }]);
    expect(new Set(receipt.ids).size).toBe(11_999);
    expect(await tasksIn(broker)).toBe(11_999);
    const none = await client.submitMany('p', [{ n: Number.NaN }]);
    expect(none).toMatchObject({ accepted: 0, rejected: [{ index: 0 }], ids: [] });
  });

  it('iterates over what happens to a task, and cancels it', async () => {
    const started = gate();
    const { client } = await connect((_task, { signal }) => {
      started.open();
      return new Promise((_resolve, refuse) => signal.addEventListener('abort', () => refuse(signal.reason)));
    });
    const { id } = await client.submit('p', { n: 1 });
    const seen: TaskEvent[] = [];
    const watching = (async () => {
      for await (const event of client.events(id)) seen.push(event);
    })();
    await started.opened;
    expect(await client.cancel(id)).toBe('cancelling');
    await watching;
    expect(seen.at(-1)).toMatchObject({ id, outcome: 'cancelled', state: 'cancelled', stage: 'end' });
  });

  it('waits for tasks of others, and says when that takes too long', async () => {
    const halfway = gate();
    const { client } = await connect(async () => {
      await halfway.opened;
      throw reject('no');
    });
    const { id } = await client.submit('p', { n: 1 });
    await expect(client.wait(id, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'CLIENT_TIMEOUT' });
    await expect(client.run('p', { n: 2 }, { timeoutMs: 1 })).rejects.toMatchObject({ code: 'CLIENT_TIMEOUT' });
    const waiting = client.wait(id, { timeoutMs: 15_000 });
    halfway.open();
    expect(await waiting).toMatchObject({ id, state: 'dead' });
  });

  it('stops when its signal aborts, also between two tries', async () => {
    const away = async () => Promise.reject(new TypeError('refused'));
    const client = new PenstockClient({ url: 'http://gateway.example', fetch: away, attempts: 100 });
    const abort = new AbortController();
    onTestFinished(() => abort.abort());
    const submitting = client.submit('p', {}, { signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(submitting).rejects.toThrow('enough');
  });

  it('goes through a list page by page', async () => {
    const urls: string[] = [];
    const pages = async (input: unknown) => {
      urls.push(String(input));
      const more = urls.length < 3 ? { cursor: `c${urls.length}` } : {};
      return Response.json({ tasks: [{ id: `t${urls.length}` }], ...more });
    };
    const client = new PenstockClient({ url: 'http://gateway.example', fetch: pages, token: 'secret' });
    const ids: string[] = [];
    for await (const { id } of client.tasks({ pipeline: 'p', since: new Date(0) })) ids.push(id);
    expect(ids).toEqual(['t1', 't2', 't3']);
    expect(urls[1]).toBe('http://gateway.example/v1/tasks?pipeline=p&since=1970-01-01T00%3A00%3A00.000Z&cursor=c1');
  });
});
