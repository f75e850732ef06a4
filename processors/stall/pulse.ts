/**
 * Memory that a main thread and its watchdog share: a count of the turns its event loop made, and what it said it was
 * doing at the last of them. The text is written by the main thread alone, and read once that stands still.
 */
export interface Pulse {
  readonly memory: SharedArrayBuffer;
  beat(): void;
  beats(): number;
  /** Cut where there is no room. */
  say(text: string): void;
  said(): string;
}

const headBytes = 8;
const textBytes = 4_096;

export function createPulse(memory = new SharedArrayBuffer(headBytes + textBytes)): Pulse {
  const head = new Int32Array(memory, 0, 2);
  const text = Buffer.from(memory, headBytes, textBytes);
  return {
    memory,
    beat: () => void Atomics.add(head, 0, 1),
    beats: () => Atomics.load(head, 0),
    say: (said) => void Atomics.store(head, 1, text.write(said)),
    said: () => text.toString('utf8', 0, Atomics.load(head, 1)),
  };
}
