export interface ServerEvent {
  readonly name: string;
  readonly data: unknown;
}

/** Server-sent events out of pieces of text that end anywhere; comments and what is no JSON are passed over. */
export function createEventParser(onEvent: (event: ServerEvent) => void): (piece: string) => void {
  let rest = '';
  let name = 'message';
  return (piece) => {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') name = 'message';
      else if (line.startsWith('event: ')) name = line.slice(7);
      else if (line.startsWith('data: ')) tell(name, line.slice(6), onEvent);
    }
  };
}

function tell(name: string, text: string, onEvent: (event: ServerEvent) => void): void {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return;
  }
  onEvent({ name, data });
}
