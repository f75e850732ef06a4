/** `1 task`, `2 tasks`: a count with its noun, for people. */
export function countOf(count: number, noun: string): string {
  return `${count} ${nounFor(count, noun)}`;
}

export function nounFor(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`;
}
