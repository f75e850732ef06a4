/** Cut to the terminal, the cursor's line left free: what wraps or scrolls would not be written over by the next look. */
export function fitScreen(text: string, { columns = 80, rows = 24 }: { columns?: number; rows?: number }): string {
  const lines = text.split('\n').slice(0, Math.max(1, rows - 1));
  return lines.map((line) => [...line].slice(0, columns).join('')).join('\n');
}
